/** One place of a timeline: its half hours, when it is closed, and what is held. */
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { clockRange, minutesOf, type Moment, SLOT_MINUTES, type Stretch, utcRange } from "@/shared/time";
import { IconCalendarCheck, IconClock, IconLock, IconTrash, IconUsers } from "@/shared/ui/icons";
import { type Axis, placeIn } from "./axis";
import { marked } from "./cells";
import { type Item, type Row, stateOf } from "./timeline";
import classes from "./Timeline.module.css";

const ICONS = { mine: IconCalendarCheck, guest: IconUsers, taken: IconLock, waiting: IconClock, leaving: IconTrash };

/** Where something is dragged to, or what is drawn. */
export interface Ghost extends Stretch {
  kind: "allowed" | "forbidden" | "drawn";
}

interface Props {
  row: Row;
  items: readonly Item[];
  axis: Axis;
  /** The running half hour's start, so that a row is drawn anew no more often. */
  past: Moment;
  /** The half hour that Tab reaches, if it is in this row. */
  tabStop: number | undefined;
  ghost: Ghost | undefined;
  isReadOnly: boolean;
  canDrag: boolean;
  onCell: (event: React.MouseEvent) => void;
  onOpen: (itemId: string) => void;
  onGrab: (item: Item, event: React.DragEvent) => void;
}

/** A change elsewhere makes the items anew; a row is drawn again only if its own differ. */
function isSameRow(one: Props, other: Props): boolean {
  const { items: before, ...rest } = one;
  const { items: now } = other;
  const names = Object.keys(rest) as (keyof typeof rest)[];
  return names.every((name) => one[name] === other[name]) && before.length === now.length && before.every((item, index) => isSameItem(item, now[index]));
}

function isSameItem(one: Item, other: Item | undefined): boolean {
  return other !== undefined && (Object.keys(one) as (keyof Item)[]).every((name) => one[name] === other[name]);
}

export const PlaceRow = memo(function PlaceRow(props: Props) {
  const { row, items, axis, ghost, canDrag, onOpen, onGrab } = props;
  return (
    <div className={classes.row} data-row={row.id}>
      <div className={classes.rowLabel} title={row.detail === undefined ? row.label : `${row.label}, ${row.detail}`}>
        <span className={classes.rowName}>{row.label}</span>
        {row.detail !== undefined && <span className={classes.rowDetail}>{row.detail}</span>}
      </div>
      <div className={classes.track} style={{ width: axis.width }}>
        {row.closed.map((closed) => (
          <div key={closed.start} className={classes.closed} style={placeIn(axis.within, closed)} data-closed />
        ))}
        <Cells {...props} />
        {items.map((item) => (
          <div key={item.id} className={classes.item} style={placeIn(axis.within, item)}>
            <Block item={item} place={row.label} canDrag={canDrag && item.canMove} onOpen={onOpen} onGrab={onGrab} />
          </div>
        ))}
        {ghost && (
          <div className={classes.ghost} data-kind={ghost.kind} style={placeIn(axis.within, ghost)}>
            {clockRange(ghost)}
          </div>
        )}
      </div>
    </div>
  );
}, isSameRow);

function Cells({ row, items, axis, past, tabStop, isReadOnly, onCell }: Props) {
  const { t } = useTranslation();
  if (isReadOnly) return axis.slots.map(({ start }) => <div key={start} className={classes.slot} />);
  return axis.slots.map((slot, index) => (
    <button
      key={slot.start}
      type="button"
      className={classes.slot}
      {...marked({ rowId: row.id, index })}
      tabIndex={index === tabStop ? 0 : -1}
      aria-label={`${row.label}, ${slot.label}, ${t(`board.cell.${stateOf(row, items, slot, past)}`)}`}
      onClick={onCell}
    />
  ));
}

interface BlockProps {
  item: Item;
  place: string;
  canDrag: boolean;
  onOpen: (itemId: string) => void;
  onGrab: (item: Item, event: React.DragEvent) => void;
}

/** One reservation. The colour alone says nothing that the picture and the words do not. There may be a thousand. */
function Block({ item, place, canDrag, onOpen, onGrab }: BlockProps) {
  const { t } = useTranslation();
  const Icon = ICONS[item.kind];
  const hint = item.canMove ? t("board.movable") : "";
  return (
    <button
      type="button"
      draggable={canDrag}
      title={`${clockRange(item)} ${item.title} (${utcRange(item)})`}
      data-kind={item.kind}
      data-item={item.id}
      aria-label={[clockRange(item), place, item.title, hint].filter(Boolean).join(", ")}
      className={classes.block}
      onClick={() => onOpen(item.id)}
      onDragStart={(event) => onGrab(item, event)}
    >
      <span className={classes.text}>
        <Icon />
        {minutesOf(item) > SLOT_MINUTES && <span className={classes.title}>{item.title}</span>}
      </span>
    </button>
  );
}
