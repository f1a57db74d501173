/** Which room, which day, from when until when: the fields that reserving and moving share. */
import { Group, NativeSelect, Select, Text } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import type { Room } from "@/shared/api/queries";
import type { Refusal } from "./rules";
import { clock, dayOf, type Day, minuteIn, minuteOf, minutesOf, type Moment, MINUTE, momentOf, momentsIn, momentsOf, plusMinutes, type Stretch, utcRange } from "@/shared/time";

export interface When extends Stretch {
  roomId: string;
}

interface Props {
  rooms: Room[];
  value: When;
  onChange: (value: When) => void;
  /** A booking is as long as its slot. */
  hasFixedLength?: boolean;
  /** Whether a room may be chosen that is not there yet; its id is "" until it has a name. */
  mayName?: boolean;
  /** Why a room cannot be had at this time; unknown while nobody knows what is held then. */
  whyNot?: ((room: Room) => Refusal | null) | undefined;
}

const STEP = 15;
const DAY_MINUTES = 24 * 60;

export function WhenFields({ rooms, value, onChange, hasFixedLength = false, mayName = false, whyNot }: Props) {
  const { t } = useTranslation();
  const day = dayOf(value.start);
  const length = minutesOf(value);
  const ends = times(day, momentsIn({ start: nextStep(value.start), end: plusMinutes(value.start, DAY_MINUTES + 1) }, STEP), value.end);

  const moveTo = (start: Moment): void => onChange({ ...value, start, end: plusMinutes(start, length) });
  return (
    <>
      <RoomField rooms={rooms} roomId={value.roomId} mayName={mayName} whyNot={whyNot} onRoom={(roomId) => onChange({ ...value, roomId })} />
      <DayField day={day} onDay={(picked) => picked !== day && moveTo(minuteOf(picked, minuteIn(day, value.start)))} />
      <Group grow align="flex-start" title={utcRange(value)}>
        <StartField start={value.start} onStart={moveTo} />
        <NativeSelect
          label={t("when.end")}
          data={ends}
          value={value.end}
          disabled={hasFixedLength}
          onChange={(event) => onChange({ ...value, end: event.currentTarget.value })}
        />
      </Group>
    </>
  );
}

interface RoomProps extends Pick<Props, "rooms" | "mayName" | "whyNot"> {
  roomId: string;
  onRoom: (roomId: string) => void;
}

/** The rooms with their seats, and which of them are free then: those first. */
function RoomField({ rooms, roomId, mayName = false, whyNot, onRoom }: RoomProps) {
  const { t } = useTranslation();
  const refusals = new Map(rooms.map((room) => [room.id, whyNot?.(room) ?? null]));
  const details = ({ id, capacity }: Room): string => {
    const refusal = refusals.get(id) ?? null;
    const state = refusal === null ? "free" : refusal === "taken" || refusal === "closed" || refusal === "past" ? refusal : "unfit";
    return [capacity === null ? null : t("room.seats", { count: capacity }), whyNot && t(`when.${state}`)].filter(Boolean).join(" · ");
  };
  const byId = new Map(rooms.map((room) => [room.id, room]));
  const sorted = [...rooms].sort((one, other) => Number(refusals.get(one.id) !== null) - Number(refusals.get(other.id) !== null));
  const chosen = byId.get(roomId);
  return (
    <Select
      label={t("when.room")}
      description={chosen && details(chosen)}
      data={[...sorted.map(({ id, name }) => ({ value: id, label: name })), ...(mayName ? [{ value: "", label: t("reserve.other") }] : [])]}
      value={roomId}
      allowDeselect={false}
      searchable
      nothingFoundMessage={t("board.noRooms")}
      renderOption={({ option }) => {
        const room = byId.get(option.value);
        return (
          <Group justify="space-between" gap="xs" wrap="nowrap" w="100%">
            <Text size="sm" fw={refusals.get(option.value) === null ? 500 : 400} style={{ overflowWrap: "anywhere" }}>{option.label}</Text>
            {room && <Text size="sm" c="dimmed" ta="end" style={{ flex: "none" }}>{details(room)}</Text>}
          </Group>
        );
      }}
      onChange={(picked) => picked !== null && onRoom(picked)}
    />
  );
}

export function DayField({ day, onDay }: { day: Day; onDay: (day: Day) => void }) {
  const { t } = useTranslation();
  return (
    <DatePickerInput
      label={t("when.day")}
      value={day}
      valueFormat={t("format.day")}
      onChange={(picked) => picked !== null && onDay(picked)}
      popoverProps={{ withinPortal: true }}
    />
  );
}

export function StartField({ start, onStart }: { start: Moment; onStart: (start: Moment) => void }) {
  const { t } = useTranslation();
  const day = dayOf(start);
  const data = times(day, momentsOf(day, STEP), start);
  return (
    <NativeSelect
      label={t("when.start")}
      data={data}
      value={start}
      onChange={(event) => onStart(event.currentTarget.value)}
    />
  );
}

/** The first quarter of an hour after a moment. */
function nextStep(at: Moment): Moment {
  return momentOf((Math.floor(Date.parse(at) / (STEP * MINUTE)) + 1) * STEP * MINUTE);
}

/** Moments to choose from, with the one that is chosen now, whatever it is. */
function times(day: Day, moments: Moment[], chosen: Moment): { value: Moment; label: string }[] {
  const all = [...new Set([...moments, chosen])].sort((one, other) => Date.parse(one) - Date.parse(other));
  return all.map((at) => ({ value: at, label: dayOf(at) === day ? clock(at) : `${clock(at)} (${dayjs(at).format("D MMM")})` }));
}
