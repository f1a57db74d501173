/** A day of many places. The grid, dragging and keys are the library's; what may be done with it is the caller's. */
import { useMediaQuery } from "@mantine/hooks";
import { ResourcesDayView, type ScheduleEventData } from "@mantine/schedule";
import { IconCalendarCheck, IconClock, IconLock, IconTrash, IconUsers } from "@/shared/ui/icons";
import { memo, useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { clockRange, type Day, minuteOf, minutesOf, moment, type Moment, plusMinutes, SLOT_MINUTES, stretchOf } from "@/shared/time";
import { closedOf, eventOf, type Item, type ItemKind, resourceOf, type Row, scrollTime, type Target } from "./timeline";
import classes from "./Timeline.module.css";
import { ROW_PIXELS, useNearRows } from "./useNearRows";

interface Props {
  day: Day;
  rows: Row[];
  items: Item[];
  isReadOnly: boolean;
  /** What the rows are called, and all of it. */
  words: { rows: string; all: string };
  /** Where another day than today begins, when no row says when it opens. */
  firstHour?: number;
  /** Somebody clicked a free half hour, or drew over several. */
  onPick: (target: Target) => void;
  onOpen: (itemId: string) => void;
  onMove: (itemId: string, target: Target) => void;
  /** Whether an item may be dropped there; asked all the time while it is dragged. */
  mayMove: (item: Item, target: Target) => boolean;
}

const ICONS = { mine: IconCalendarCheck, guest: IconUsers, taken: IconLock, waiting: IconClock, leaving: IconTrash };
const DROP = "data-drop";

export const Timeline = memo(function Timeline(props: Props) {
  const { day, rows, items, isReadOnly, words, firstHour = 8, onPick, onOpen, onMove, mayMove } = props;
  const { t, i18n } = useTranslation();
  const isTouch = useMediaQuery("(pointer: coarse)", false, { getInitialValueInEffect: false });
  const near = useNearRows(rows);
  const resources = useMemo(() => near.rows.map(resourceOf), [near.rows]);
  const closed = useMemo(() => near.rows.flatMap(closedOf), [near.rows]);
  const events = useMemo(() => {
    const there = new Set(near.rows.map(({ id }) => id));
    return [...closed, ...items.filter(({ rowId }) => there.has(rowId)).map(eventOf)];
  }, [near.rows, closed, items]);
  const [mark] = useState(() => new DropMark());

  const hint = t("board.movable");
  const renderEvent = useCallback(
    (event: ScheduleEventData, given: Record<string, unknown>) => {
      const item = itemOf(event);
      if (item === undefined) return <div {...plain(given)} data-closed />;
      return <Block given={given} item={item} hint={item.canMove ? hint : undefined} />;
    },
    [hint],
  );

  return (
    <div
      className={classes.timeline}
      onDragOverCapture={(event) => mark.over(event, day, mayMove)}
      onDragEndCapture={(event) => mark.end(event)}
      onDropCapture={(event) => mark.end(event)}
    >
      <ResourcesDayView
        // Scrolling to now happens when it is made.
        key={day}
        date={day}
        resources={resources}
        events={events}
        intervalMinutes={SLOT_MINUTES}
        eventDragInterval={SLOT_MINUTES}
        slotWidth={44}
        rowHeight={ROW_PIXELS - 1}
        radius="md"
        withHeader={false}
        slotLabelFormat={hourLabel}
        startScrollTime={scrollTime(rows, stretchOf(day), new Date().toISOString(), firstHour)}
        locale={i18n.language}
        mode={isReadOnly ? "static" : "default"}
        withEventsDragAndDrop={!isReadOnly && !isTouch}
        withDragSlotSelect={!isReadOnly && !isTouch}
        canDragEvent={(event) => itemOf(event)?.canMove === true}
        onEventDragStart={(event) => mark.start(itemOf(event))}
        onEventDrop={({ event, newStart, resourceId }) => {
          const item = itemOf(event);
          const target = item && movedTo(item, moment(newStart), String(resourceId));
          if (target && mayMove(item, target)) onMove(item.id, target);
        }}
        onTimeSlotClick={({ slotStart, resourceId }) => onPick(picked(moment(slotStart), String(resourceId)))}
        onSlotDragEnd={({ rangeStart, rangeEnd, resourceId }) =>
          onPick({ rowId: String(resourceId), start: moment(rangeStart), end: moment(wholeEnd(rangeEnd)) })
        }
        onEventClick={(event) => onOpen(String(event.id))}
        renderEvent={renderEvent}
        renderResourceLabel={(resource) => <RowLabel label={resource.label} detail={detailOf(resource.payload)} />}
        scrollAreaProps={{
          type: "auto",
          scrollbarSize: 10,
          onScrollPositionChange: near.onScroll,
          viewportProps: { tabIndex: 0, role: "region", "aria-label": words.all },
        }}
        labels={{ resources: words.rows, resourceSlot: t("board.slot"), timeSlot: t("board.slot") }}
        styles={near.styles}
        classNames={{
          resourcesDayViewScrollArea: classes.scroll,
          resourcesDayViewCorner: classes.corner,
          resourcesDayViewTimeLabel: classes.hour,
          resourcesDayViewResourceLabel: classes.row,
          resourcesDayViewRowSlot: classes.slot,
          resourcesDayViewBackgroundEvent: classes.closed,
          resourcesDayViewDragPreview: classes.ghost,
          resourcesDayViewCurrentTimeIndicatorTimeBubble: classes.now,
        }}
      />
    </div>
  );
});

interface BlockProps {
  item: Item;
  hint: string | undefined;
  /** What the library gives its own button. */
  given: Record<string, unknown>;
}

/** One reservation. The colour alone says nothing that the picture and the words do not. There may be a thousand. */
function Block({ item, hint, given }: BlockProps) {
  const Icon = ICONS[item.kind];
  const kind: ItemKind = item.kind;
  const { draggable, title, tabIndex, onClick, onDragStart, onDragEnd } = given as React.ComponentProps<"button">;
  return (
    <button
      type="button"
      {...{ draggable, title, tabIndex, onClick, onDragStart, onDragEnd }}
      data-kind={kind}
      data-item={item.id}
      aria-label={[clockRange(item), item.title, hint].filter(Boolean).join(", ")}
      className={classes.block}
    >
      <Icon />
      {minutesOf(item) > SLOT_MINUTES && <span className={classes.title}>{item.title}</span>}
    </button>
  );
}

function RowLabel({ label, detail }: { label: React.ReactNode; detail: string | undefined }) {
  return (
    <div className={classes.rowLabel}>
      <span className={classes.rowName}>
        {label}
      </span>
      {detail !== undefined && <span className={classes.rowDetail}>{detail}</span>}
    </div>
  );
}

/** Marks the whole timeline while an item is dragged, with whether it may be dropped where the pointer is. */
class DropMark {
  private dragged: Item | undefined;

  start(item: Item | undefined): void {
    this.dragged = item;
  }

  over(event: React.DragEvent, day: Day, mayMove: Props["mayMove"]): void {
    const target = this.dragged && under(event, day, this.dragged);
    if (!target || !this.dragged) return;
    event.currentTarget.setAttribute(DROP, mayMove(this.dragged, target) ? "allowed" : "forbidden");
  }

  end(event: React.DragEvent): void {
    this.dragged = undefined;
    event.currentTarget.removeAttribute(DROP);
  }
}

function under(event: React.DragEvent, day: Day, item: Item): Target | undefined {
  const slots = slotsUnder(event.clientX, event.clientY);
  const index = slots?.getAttribute("data-drag-slot-index");
  const rowId = slots?.getAttribute("data-drag-slot-group");
  if (!slots || index == null || rowId == null) return undefined;
  const { left, width } = slots.getBoundingClientRect();
  // As the library rounds: to the nearer edge.
  const past = event.clientX - left > width / 2 ? 1 : 0;
  const start = minuteOf(day, (Number(index) + past) * SLOT_MINUTES);
  return movedTo(item, start, rowId);
}

/** The half hour at a point. While something is dragged the slots take no pointer, so it is looked for by its place. */
function slotsUnder(x: number, y: number): Element | undefined {
  for (const element of document.elementsFromPoint(x, y)) {
    const row = element.querySelectorAll(":scope > [data-drag-slot-index]");
    for (const slot of row) {
      const { left, right } = slot.getBoundingClientRect();
      if (left <= x && x < right) return slot;
    }
  }
  return undefined;
}

function movedTo(item: Item, start: Moment, rowId: string): Target {
  return { rowId, start, end: plusMinutes(start, minutesOf(item)) };
}

function picked(start: Moment, rowId: string): Target {
  return { rowId, start, end: plusMinutes(start, SLOT_MINUTES) };
}

/** The day's last slot ends at midnight, which the library writes as a second before. */
function wholeEnd(local: string): string {
  return local.endsWith("23:59:59") ? `${local.slice(0, 10)} 24:00:00` : local;
}

function hourLabel(local: string): string {
  // The current time is written by this function too.
  return local.endsWith(":30:00") ? "" : local.slice(11, 16);
}

function itemOf(event: ScheduleEventData): Item | undefined {
  return (event.payload as { item?: Item } | undefined)?.item;
}

function detailOf(payload: Record<PropertyKey, unknown> | undefined): string | undefined {
  return payload?.["detail"] as string | undefined;
}

function plain({ style, className }: Record<string, unknown>): { style?: React.CSSProperties; className?: string } {
  return { style: style as React.CSSProperties, className: className as string };
}
