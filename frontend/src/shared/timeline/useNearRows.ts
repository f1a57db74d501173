/** Of many rows only those in sight, and some around them, are drawn. */
import { useCallback, useMemo, useState } from "react";
import type { Row } from "./timeline";

/** With its border. Rows must be equally high, so that what is not drawn can be made up for. */
const ROW_PIXELS = 56;
/** What is at least above the rows: the page's head, the tools, the hours. */
const ABOVE_PIXELS = 170;
/** The rows move on in steps: scrolling a little draws nothing. */
const STEP = 2;
const AROUND = 2;

export function useNearRows(all: Row[]) {
  const [step, setStep] = useState(0);
  const inSight = Math.ceil((window.innerHeight - ABOVE_PIXELS) / ROW_PIXELS);
  const first = Math.max(0, Math.min(step * STEP - AROUND, all.length - inSight));
  const last = first + inSight + 2 * AROUND;
  const rows = useMemo(() => all.slice(first, last), [all, first, last]);
  const onScroll = useCallback((event: React.UIEvent) => setStep(Math.floor(event.currentTarget.scrollTop / ROW_PIXELS / STEP)), []);
  const room = useMemo(
    () => ({ paddingTop: first * ROW_PIXELS, paddingBottom: Math.max(0, all.length - last) * ROW_PIXELS }),
    [all.length, first, last],
  );
  return { rows, room, onScroll };
}
