/** Which items others have just changed, for as long as they flash. */
import { useEffect, useRef, useState } from "react";
import { changedByOthers, type Item, traces } from "@/shared/timeline/timeline";

const FLASH_MILLISECONDS = 2_000;
const NONE: ReadonlySet<string> = new Set();

/** `scene` names what is shown: when it changes, everything is new, and nothing flashes. */
export function useFlash(items: Item[], scene: string): ReadonlySet<string> {
  const [flashing, setFlashing] = useState(NONE);
  const before = useRef<{ scene: string; traces: Map<string, string> }>(undefined);
  useEffect(() => {
    const known = before.current;
    before.current = { scene, traces: traces(items) };
    if (known?.scene !== scene) return;
    const changed = changedByOthers(known.traces, items);
    if (changed.length > 0) setFlashing(new Set(changed));
  }, [items, scene]);
  useEffect(() => {
    if (flashing.size === 0) return;
    const timer = setTimeout(() => setFlashing(NONE), FLASH_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [flashing]);
  return flashing;
}
