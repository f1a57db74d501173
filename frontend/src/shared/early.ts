/**
 * Asks the server for what the first page shows before the app itself has been loaded. Knows nothing but the browser, so
 * that it is there at once.
 */
export const TOKEN_KEY = "holdfast.token";
/** Data that nobody has asked for by then is too old. */
const MILLISECONDS_MAX = 10_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Pages that show rooms of a day. */
const OF_ROOMS = /^\/app\/?(rooms(\/.*)?|admin\/rooms)?$/;

interface Asked {
  token: string;
  answer: Promise<Response>;
}

const asked = new Map<string, Asked>();

/** Begin to ask, for whoever is signed in. */
export function askEarly(language: string): void {
  const token = localStorage.getItem(TOKEN_KEY);
  if (token === null) return;
  for (const path of pathsFor(location)) {
    const headers = { Authorization: `Bearer ${token}`, "Accept-Language": language };
    const answer = fetch(path, { headers });
    // If nobody wants it, nobody need know that it failed.
    answer.catch(() => undefined);
    asked.set(decodeURIComponent(path), { token, answer });
  }
  setTimeout(() => asked.clear(), MILLISECONDS_MAX);
}

/** The answer to a request that is on its way already. Each is given once. */
export function takeEarly(request: Request): Promise<Response> | undefined {
  const { pathname, search } = new URL(request.url);
  const path = decodeURIComponent(pathname + search);
  const found = asked.get(path);
  if (request.method !== "GET" || found === undefined) return undefined;
  asked.delete(path);
  return request.headers.get("Authorization") === `Bearer ${found.token}` ? found.answer : undefined;
}

export function pathsFor({ pathname, search }: Pick<Location, "pathname" | "search">): string[] {
  if (!OF_ROOMS.test(pathname)) return ["/me"];
  const wanted = pathname.endsWith("admin/rooms") || /rooms\/?$/.test(pathname) ? null : new URLSearchParams(search).get("day");
  const [year, month, date] = (wanted !== null && DAY.test(wanted) ? wanted : todayIs()).split("-").map(Number);
  const at = (days: number): string => new Date(year ?? 0, (month ?? 1) - 1, (date ?? 1) + days).toISOString().slice(0, 19);
  return ["/me", `/board?from=${encodeURIComponent(`${at(0)}Z`)}&to=${encodeURIComponent(`${at(1)}Z`)}`];
}

function todayIs(): string {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}
