/** Focus goes back to what opened a dialog; when that is gone, to what stood nearest to it. */
import { useLayoutEffect } from "react";

const FOCUSABLE =
  "a[href], button, input, select, textarea, [tabindex]:not([tabindex='-1'])";
const APART = "[role='dialog'], [data-toasts]";
/** A list is often refetched just after its dialog has closed, and may then lose the row that got the focus. */
const WATCH_MILLISECONDS = 5_000;

/** Where focus was before a dialog or a toast took it: the element itself, then its neighbours, the nearest first. */
export interface Origin {
  candidates: HTMLElement[];
  /** The reservation that the element stood for, which may be drawn anew elsewhere. */
  item: string | undefined;
}

let waiting: { origin: Origin; timer: ReturnType<typeof setTimeout> } | undefined;

/** Remember where focus is while a dialog is there, and give it back when it goes. */
export function useReturnedFocus(): void {
  useLayoutEffect(() => {
    // A dialog that follows another goes back to what opened the first.
    const origin = waiting?.origin ?? originAt(document.activeElement);
    clearTimeout(waiting?.timer);
    waiting = undefined;
    return () => {
      const timer = setTimeout(() => {
        waiting = undefined;
        giveBack(origin);
      });
      waiting = { origin, timer };
    };
  }, []);
}

export function originAt(element: EventTarget | null): Origin {
  if (!(element instanceof HTMLElement) || element === document.body) return { candidates: [], item: undefined };
  const all = [...document.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((each) => each.closest(APART) === null);
  const at = all.indexOf(element);
  // What follows takes the place of what is gone, so it comes before what precedes.
  const near = all.map((each, index) => ({ each, far: index > at ? (index - at) * 2 - 1 : (at - index) * 2 }));
  const candidates = at < 0 ? [element] : near.sort((one, other) => one.far - other.far).map(({ each }) => each);
  return { candidates, item: element.dataset["item"] };
}

/**
 * Give focus back, unless something else has it by now; again if what got it is taken away a moment later, but for what
 * goes `onlyNow`.
 */
export function giveBack(origin: Origin, { onlyNow = false } = {}): void {
  focusFirst(origin);
  if (onlyNow) return;
  const observer = new MutationObserver(() => focusFirst(origin));
  observer.observe(document.body, { childList: true, subtree: true });
  const end = (): void => {
    observer.disconnect();
    for (const event of ENDINGS) removeEventListener(event, end, true);
  };
  for (const event of ENDINGS) addEventListener(event, end, true);
  setTimeout(end, WATCH_MILLISECONDS);
}

/** From then on people decide themselves where focus is. */
const ENDINGS = ["pointerdown", "keydown"] as const;

function focusFirst({ candidates: [opener, ...neighbours], item }: Origin): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  const again = item === undefined ? null : document.querySelector<HTMLElement>(`[data-item='${CSS.escape(item)}']`);
  const main = document.querySelector<HTMLElement>("#main");
  const found = [opener, again, ...neighbours].find((each) => each != null && isUsable(each)) ?? main;
  found?.focus({ preventScroll: found === main });
}

function isUsable(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(":disabled") && element.getClientRects().length > 0;
}
