/** Who is signed in, in this browser: the token, kept over reloads and shared by all tabs. */
import { useSyncExternalStore } from "react";
import { TOKEN_KEY as KEY } from "./early";

const ENDED = "holdfast.ended";
const listeners = new Set<() => void>();

export function token(): string | null {
  return localStorage.getItem(KEY);
}

export function signIn(fresh: string): void {
  sessionStorage.removeItem(ENDED);
  localStorage.setItem(KEY, fresh);
  tell();
}

export function signOut(): void {
  localStorage.removeItem(KEY);
  tell();
}

/** The server does not take the token any more: sign out, and let the sign-in page say why. */
export function expire(refused: string): void {
  // A newer one may have replaced it meanwhile, in this tab or in another.
  if (token() !== refused) return;
  sessionStorage.setItem(ENDED, "1");
  signOut();
}

export function hasExpired(): boolean {
  return sessionStorage.getItem(ENDED) !== null;
}

export function useToken(): string | null {
  return useSyncExternalStore(subscribe, token);
}

function tell(): void {
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  const other = (event: StorageEvent): void => {
    if (event.key === KEY || event.key === null) listener();
  };
  listeners.add(listener);
  addEventListener("storage", other);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", other);
  };
}
