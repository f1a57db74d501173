/** Marks queries as old when messages come. Each feature registers its own keys; nobody here knows their names. */

interface Keys {
  /** Old when such a place is taken or given back. */
  taken: string[];
  /** Old when the place itself changes. */
  changed: string[];
}

const BY_KIND = new Map<string, Keys>();
const SHOWING = new Map<string, string[]>();

/** Have keys known of a kind of place, or of what belongs to one, as schedules do. */
export function followPlaces(kind: string, { taken, changed }: Keys): void {
  const known = BY_KIND.get(kind);
  BY_KIND.set(kind, { taken: [...taken, ...(known?.taken ?? [])], changed: [...changed, ...(known?.changed ?? [])] });
}

/** Have a key known whose queries show holds, and all keys that are old when one of these ends. */
export function followHolds(key: string, touches: string[] = [key]): void {
  SHOWING.set(key, touches);
}

/** What is old when a place of this kind is taken, or one of any kind. */
export function keysOfTaken(kind: string | undefined): string[] {
  return kind === undefined ? [...BY_KIND.values()].flatMap(({ taken }) => taken) : (BY_KIND.get(kind)?.taken ?? []);
}

/** What is old when a place of this kind changes itself. */
export function keysOfChanged(kind: string): string[] {
  return BY_KIND.get(kind)?.changed ?? [];
}

/** What is old when a hold ends that queries with this key show; `undefined` when they show none. */
export function keysOfHolds(key: string): string[] | undefined {
  return SHOWING.get(key);
}
