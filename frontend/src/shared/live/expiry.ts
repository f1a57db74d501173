/** Holds end by themselves, and nobody need send a message: what shows one is asked for again when it ends. */
import type { Query, QueryClient } from "@tanstack/react-query";
import { keysOfHolds } from "./keys";
import type { Gatherer } from "./live";

/** A clock that is ahead of the server's must not make us ask all the time. */
const SOONEST_MILLISECONDS = 2_000;
/** Asked a little later, it has ended for sure. */
const AFTER_MILLISECONDS = 200;

interface Shown {
  expiresAt?: string;
}

/** How long until the first of the holds in an answer ends; `null` without any. Pure. */
export function untilExpiry(data: unknown, now: number): number | null {
  const shown: unknown = Array.isArray(data) ? data : (data as { reservations?: unknown } | undefined)?.reservations;
  const ends = ((shown ?? []) as Shown[]).flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [Date.parse(expiresAt)]));
  if (ends.length === 0) return null;
  return Math.max(Math.min(...ends) - now + AFTER_MILLISECONDS, SOONEST_MILLISECONDS);
}

/** Ask again whenever a hold that is shown ends, until the function that is answered is called. */
export function followExpiries(client: QueryClient, gathered: Pick<Gatherer, "add">): () => void {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const unsubscribe = client.getQueryCache().subscribe((event) => {
    const { queryHash, queryKey, state } = event.query as Query;
    const touched = keysOfHolds(String((queryKey as unknown[])[0]));
    if (touched === undefined || (event.type !== "updated" && event.type !== "removed")) return;
    clearTimeout(timers.get(queryHash));
    timers.delete(queryHash);
    const wait = event.type === "removed" ? null : untilExpiry(state.data, Date.now());
    if (wait !== null) timers.set(queryHash, setTimeout(() => gathered.add(touched), wait));
  });
  return () => {
    unsubscribe();
    timers.forEach((timer) => clearTimeout(timer));
  };
}
