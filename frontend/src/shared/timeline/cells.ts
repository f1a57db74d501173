/** Half hours as elements: which one it is, and how keys lead from one to the next. */
import { useCallback, useState } from "react";
import type { Row } from "./timeline";

export interface Cell {
  rowId: string;
  index: number;
}

/** What marks an element as a half hour that may be picked. */
export function marked({ rowId, index }: Cell) {
  return { "data-drag-slot-group": rowId, "data-drag-slot-index": index };
}

export function cellOf(target: EventTarget): Cell | undefined {
  const found = target instanceof Element ? target.closest("[data-drag-slot-index]") : null;
  const rowId = found?.getAttribute("data-drag-slot-group");
  return found && rowId != null ? { rowId, index: Number(found.getAttribute("data-drag-slot-index")) } : undefined;
}

/** One half hour of all is reached by Tab, the others from there by arrows, Home and End. */
export function useCellFocus(rows: Row[], slots: number, firstIndex: number) {
  const [last, setLast] = useState<Cell>({ rowId: "", index: firstIndex });
  const isThere = rows.some(({ id }) => id === last.rowId);
  const stop: Cell = isThere ? last : { rowId: rows[0]?.id ?? "", index: firstIndex };
  const onFocus = useCallback((event: React.FocusEvent) => {
    const cell = cellOf(event.target);
    if (cell) setLast(cell);
  }, []);
  const onKeyDown = useCallback(
    (event: React.KeyboardEvent) => {
      const cell = cellOf(event.target);
      const next = cell && led(event.key, cell, rows, slots);
      if (!next) return;
      event.preventDefault();
      const selector = Object.entries(marked(next)).map(([name, value]) => `[${name}="${CSS.escape(String(value))}"]`).join("");
      document.querySelector<HTMLElement>(selector)?.focus();
    },
    [rows, slots],
  );
  return { stop, onFocus, onKeyDown };
}

function led(key: string, { rowId, index }: Cell, rows: Row[], slots: number): Cell | undefined {
  const row = rows.findIndex(({ id }) => id === rowId);
  const at = (nextRow: number, nextIndex: number): Cell | undefined => {
    const id = rows[nextRow]?.id;
    return id !== undefined && 0 <= nextIndex && nextIndex < slots ? { rowId: id, index: nextIndex } : undefined;
  };
  switch (key) {
    case "ArrowLeft": return at(row, index - 1);
    case "ArrowRight": return at(row, index + 1);
    case "ArrowUp": return at(row - 1, index);
    case "ArrowDown": return at(row + 1, index);
    case "Home": return at(row, 0);
    case "End": return at(row, slots - 1);
    default: return undefined;
  }
}
