/** What is shown at once, before the server has answered. */
import type { QueryClient } from "@tanstack/react-query";

/** Change everything that is known under a key; answers what takes the change back. */
export async function change<T>(client: QueryClient, key: string, how: (known: T) => T): Promise<() => void> {
  const filter = { queryKey: [key] };
  await client.cancelQueries(filter);
  const before = client.getQueriesData<T>(filter);
  client.setQueriesData<T>(filter, (known) => known && how(known));
  return () => before.forEach(([name, known]) => client.setQueryData(name, known));
}

export function refetch(client: QueryClient, keys: readonly string[]): Promise<void> {
  return client.invalidateQueries({ predicate: ({ queryKey }) => keys.includes(String(queryKey[0])) });
}

/** The start of the id of what the server does not know yet. */
export const WAITING = "waiting ";
