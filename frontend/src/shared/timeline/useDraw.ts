/** Drawing over several half hours of a place with the mouse. A click on one is a click. */
import { useEffect, useMemo, useState } from "react";
import type { Slot } from "./axis";
import { cellOf } from "./cells";
import type { Target } from "./timeline";

interface Drawn {
  rowId: string;
  from: number;
  to: number;
}

export function useDraw(isOn: boolean, slots: readonly Slot[], onPick: (target: Target) => void) {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const target = useMemo(() => (drawn && drawn.from !== drawn.to ? over(drawn, slots) : undefined), [drawn, slots]);

  const onPointerDown = (event: React.PointerEvent): void => {
    const cell = isOn && event.button === 0 && event.pointerType === "mouse" ? cellOf(event.target) : undefined;
    if (cell) setDrawn({ rowId: cell.rowId, from: cell.index, to: cell.index });
  };
  const onPointerMove = (event: React.PointerEvent): void => {
    if (drawn === null) return;
    const cell = cellOf(event.target);
    if (cell?.rowId === drawn.rowId && cell.index !== drawn.to) setDrawn({ ...drawn, to: cell.index });
  };
  useEffect(() => {
    if (drawn === null) return;
    const finish = (): void => {
      setDrawn(null);
      if (target) onPick(target);
    };
    const leave = (): void => setDrawn(null);
    addEventListener("pointerup", finish);
    addEventListener("pointercancel", leave);
    return () => {
      removeEventListener("pointerup", finish);
      removeEventListener("pointercancel", leave);
    };
  }, [drawn, target, onPick]);
  return { drawn: target, handlers: { onPointerDown, onPointerMove } };
}

function over({ rowId, from, to }: Drawn, slots: readonly Slot[]): Target | undefined {
  const [first, last] = [slots[Math.min(from, to)], slots[Math.max(from, to)]];
  return first && last && { rowId, start: first.start, end: last.end };
}
