/** Whether the server can be reached, as the last requests have shown. */
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let reachable = true;

export function setReachable(now: boolean): void {
  if (now === reachable) return;
  reachable = now;
  listeners.forEach((listener) => listener());
}

export function useReachable(): boolean {
  return useSyncExternalStore(subscribeReach, () => reachable);
}

export function subscribeReach(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
