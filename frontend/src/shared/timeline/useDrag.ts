/** Dragging what is held: it moves by as much as the pointer does, wherever it was grabbed, in whole half hours. */
import { type RefObject, useCallback, useRef, useState } from "react";
import { minutesDragged, movedBy } from "./axis";
import type { Item, Target } from "./timeline";

interface Grabbed {
  item: Item;
  /** Where the pointer was, from the beginning of the day on. */
  at: number;
}

/** Where an item would be if it were dropped now. */
export interface Drop {
  target: Target;
  isAllowed: boolean;
}

export function useDrag(
  view: RefObject<HTMLElement | null>,
  mayMove: (item: Item, target: Target) => boolean,
  onMove: (itemId: string, target: Target) => void,
) {
  const grabbed = useRef<Grabbed>(undefined);
  const [drop, setDrop] = useState<Drop | null>(null);
  const pointer = useCallback((event: React.DragEvent) => event.clientX + (view.current?.scrollLeft ?? 0), [view]);

  const grab = useCallback(
    (item: Item, event: React.DragEvent): void => {
      grabbed.current = { item, at: pointer(event) };
      event.dataTransfer.effectAllowed = "move";
      // Firefox drags nothing that has no data.
      event.dataTransfer.setData("text/plain", item.title);
    },
    [pointer],
  );
  const onDragOver = (event: React.DragEvent): void => {
    if (grabbed.current === undefined) return;
    const { item, at } = grabbed.current;
    const rowId = rowUnder(event);
    const target = rowId === undefined ? null : { rowId, ...movedBy(item, minutesDragged(pointer(event) - at)) };
    const next = target === null || isSame(target, item) ? null : { target, isAllowed: mayMove(item, target) };
    if (next?.isAllowed === true) event.preventDefault();
    if (!isSame(next?.target, drop?.target) || next?.isAllowed !== drop?.isAllowed) setDrop(next);
  };
  const release = (): void => {
    grabbed.current = undefined;
    setDrop(null);
  };
  const onDrop = (event: React.DragEvent): void => {
    if (grabbed.current === undefined) return;
    event.preventDefault();
    if (drop?.isAllowed === true) onMove(grabbed.current.item.id, drop.target);
    release();
  };
  const onDragLeave = (event: React.DragEvent): void => {
    if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setDrop(null);
  };
  return { drop, grab, handlers: { onDragOver, onDrop, onDragLeave, onDragEnd: release } };
}

function rowUnder({ target }: React.DragEvent): string | undefined {
  const row = target instanceof Element ? target.closest("[data-row]") : null;
  return row?.getAttribute("data-row") ?? undefined;
}

function isSame(one: Target | undefined, other: Target | undefined): boolean {
  return one?.rowId === other?.rowId && one?.start === other?.start;
}
