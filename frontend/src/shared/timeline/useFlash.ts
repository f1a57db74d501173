/** What others have just changed flashes briefly. */
import { type RefObject, useEffect, useRef } from "react";
import { changedByOthers, type Item, traces } from "./timeline";

const FLASH = "data-flash";
const FLASH_MILLISECONDS = 2_000;

/**
 * Marks items inside of `root`, beside React: a thousand blocks need not be made anew for it. `scene` names what is
 * shown; when it changes, everything is new, and nothing flashes.
 */
export function useFlash(root: RefObject<HTMLElement | null>, items: Item[], scene: string): void {
  const before = useRef<{ scene: string; traces: Map<string, string> }>(undefined);
  useEffect(() => {
    const known = before.current;
    before.current = { scene, traces: traces(items) };
    if (known?.scene !== scene) return;
    for (const id of changedByOthers(known.traces, items)) {
      const block = root.current?.querySelector(`[data-item="${CSS.escape(id)}"]`);
      block?.setAttribute(FLASH, "");
      setTimeout(() => block?.removeAttribute(FLASH), FLASH_MILLISECONDS);
    }
  }, [root, items, scene]);
}
