/**
 * A day of many places, one in each row. What may be done with it is the caller's. Drawn by hand, for no library knows
 * days that have not 24 hours.
 */
import { useMediaQuery } from "@mantine/hooks";
import { memo, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { clock, type Day, type Moment, type Stretch } from "@/shared/time";
import { useNow } from "@/shared/useNow";
import { type Axis, axisOf, fromNow, pixelsAt } from "./axis";
import { cellOf, useCellFocus } from "./cells";
import { type Ghost, PlaceRow } from "./PlaceRow";
import { type Item, type Row, scrollStart, type Target } from "./timeline";
import classes from "./Timeline.module.css";
import { type Drop, useDrag } from "./useDrag";
import { useDraw } from "./useDraw";
import { useNearRows } from "./useNearRows";

interface Props {
  day: Day;
  rows: Row[];
  items: Item[];
  isReadOnly: boolean;
  /** What the rows are called, and all of it. */
  words: { rows: string; all: string };
  /** Where another day than today begins, when no row says when it opens. */
  firstHour?: number;
  /** Somebody clicked a half hour, or drew over several. Of the running one it is what is left. */
  onPick: (target: Target) => void;
  onOpen: (itemId: string) => void;
  onMove: (itemId: string, target: Target) => void;
  /** Whether an item may be dropped there; asked all the time while it is dragged. */
  mayMove: (item: Item, target: Target) => boolean;
}

const NO_ITEMS: readonly Item[] = [];

export const Timeline = memo(function Timeline(props: Props) {
  // Another day is another timeline, which begins where that day does.
  return <OneDay key={props.day} {...props} />;
});

function OneDay({ day, rows, items, isReadOnly, words, firstHour, onPick, onOpen, onMove, mayMove }: Props) {
  const now = useNow();
  const isTouch = useMediaQuery("(pointer: coarse)", false, { getInitialValueInEffect: false });
  const isDrawable = !isReadOnly && !isTouch;
  const axis = useMemo(() => axisOf(day), [day]);
  const [begin] = useState(() => scrollStart(rows, day, now, firstHour));
  const view = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (view.current) view.current.scrollLeft = pixelsAt(axis.within, begin);
  }, [axis, begin]);

  const near = useNearRows(rows);
  const byRow = useMemo(() => grouped(items), [items]);
  const pick = useCallback((wanted: Target) => onPick({ ...wanted, ...fromNow(wanted, new Date().toISOString()) }), [onPick]);
  const drag = useDrag(view, mayMove, onMove);
  const draw = useDraw(isDrawable, axis.slots, pick);
  const focus = useCellFocus(near.rows, axis.slots.length, firstSlot(axis, begin));
  const onCell = useCallback(
    (event: React.MouseEvent) => {
      const cell = cellOf(event.target);
      const slot = cell && axis.slots[cell.index];
      if (slot) pick({ rowId: cell.rowId, start: slot.start, end: slot.end });
    },
    [axis, pick],
  );
  const past = useMemo(() => runningSince(axis, now), [axis, now]);
  return (
    <div className={classes.timeline} data-day={day} data-drop={drag.drop ? kindOf(drag.drop) : undefined} {...drag.handlers} {...draw.handlers}>
      {/* What scrolls must be reached by keys. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={view} className={classes.scroll} role="region" tabIndex={0} aria-label={words.all} onScroll={near.onScroll}>
        <Head axis={axis} now={now} title={words.rows} />
        <div className={classes.rows} style={near.room} onFocus={focus.onFocus} onKeyDown={focus.onKeyDown} role="presentation">
          {near.rows.map((row) => (
            <PlaceRow
              key={row.id}
              {...{ row, axis, past, isReadOnly, onCell, onOpen }}
              items={byRow.get(row.id) ?? NO_ITEMS}
              tabStop={focus.stop.rowId === row.id ? focus.stop.index : undefined}
              ghost={ghostOf(row.id, drag.drop, draw.drawn)}
              canDrag={isDrawable}
              onGrab={drag.grab}
            />
          ))}
          {isWithin(axis.within, now) && <NowLine axis={axis} now={now} />}
        </div>
      </div>
    </div>
  );
}

function Head({ axis, now, title }: { axis: Axis; now: Moment; title: string }) {
  return (
    <div className={classes.head}>
      <div className={classes.corner}>{title}</div>
      <div className={classes.hours} style={{ width: axis.width }}>
        {axis.marks.map(({ left, width, time, offset }) => (
          <div key={left} className={classes.hour} style={{ left, width }}>
            <span className={classes.hourText}>
              {time}
              {offset !== null && <small>{offset}</small>}
            </span>
          </div>
        ))}
        {isWithin(axis.within, now) && (
          <span className={classes.now} style={{ left: `clamp(20px, ${pixelsAt(axis.within, now)}px, 100% - 20px)` }}>
            {clock(now)}
          </span>
        )}
      </div>
    </div>
  );
}

function NowLine({ axis, now }: { axis: Axis; now: Moment }) {
  return (
    <div className={classes.over} aria-hidden>
      <div className={classes.nowLine} style={{ left: pixelsAt(axis.within, now) }} />
    </div>
  );
}

function grouped(items: readonly Item[]): ReadonlyMap<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const others = found.get(item.rowId);
    if (others) others.push(item);
    else found.set(item.rowId, [item]);
  }
  return found;
}

function isWithin({ start, end }: Stretch, at: Moment): boolean {
  return Date.parse(start) <= Date.parse(at) && Date.parse(at) < Date.parse(end);
}

/** The start of the running half hour: what ended until then has passed. On another day its first or last moment. */
function runningSince({ within, slots }: Axis, now: Moment): Moment {
  const running = slots.find((slot) => isWithin(slot, now));
  return running?.start ?? (Date.parse(now) < Date.parse(within.start) ? within.start : within.end);
}

function firstSlot({ slots }: Axis, begin: Moment): number {
  return Math.max(0, slots.findIndex(({ end }) => Date.parse(begin) < Date.parse(end)));
}

function kindOf({ isAllowed }: Drop): "allowed" | "forbidden" {
  return isAllowed ? "allowed" : "forbidden";
}

function ghostOf(rowId: string, drop: Drop | null, drawn: Target | undefined): Ghost | undefined {
  if (drop?.target.rowId === rowId) return { start: drop.target.start, end: drop.target.end, kind: kindOf(drop) };
  return drawn?.rowId === rowId ? { start: drawn.start, end: drawn.end, kind: "drawn" } : undefined;
}
