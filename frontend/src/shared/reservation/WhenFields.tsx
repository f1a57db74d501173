/** Which room, which day, from when until when: the fields that reserving and moving share. */
import { Group, NativeSelect, Select } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import type { Room } from "@/shared/api/queries";
import { clock, dayOf, type Day, minuteOf, minutesOf, type Moment, plusMinutes, type Stretch, utcRange } from "@/shared/time";

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
}

const STEP = 15;
const DAY_MINUTES = 24 * 60;

export function WhenFields({ rooms, value, onChange, hasFixedLength = false, mayName = false }: Props) {
  const { t } = useTranslation();
  const day = dayOf(value.start);
  const minute = minuteIn(day, value.start);
  const length = minutesOf(value);
  const ends = times(day, minute + STEP, minute + DAY_MINUTES, minute + length);

  const other = { value: "", label: t("reserve.other") };

  const moveTo = (start: Moment): void => onChange({ ...value, start, end: plusMinutes(start, length) });
  return (
    <>
      <Select
        label={t("when.room")}
        data={[...rooms.map(({ id, name }) => ({ value: id, label: name })), ...(mayName ? [other] : [])]}
        value={value.roomId}
        allowDeselect={false}
        searchable
        nothingFoundMessage={t("board.noRooms")}
        onChange={(roomId) => roomId !== null && onChange({ ...value, roomId })}
      />
      <DayField day={day} onDay={(picked) => moveTo(minuteOf(picked, minute))} />
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
  const data = times(day, 0, DAY_MINUTES - STEP, minuteIn(day, start));
  return (
    <NativeSelect
      label={t("when.start")}
      data={data}
      value={start}
      onChange={(event) => onStart(event.currentTarget.value)}
    />
  );
}

/** Moments of a day every quarter of an hour, and the one that is chosen now, whatever it is. */
function times(day: Day, first: number, last: number, chosen: number): { value: Moment; label: string }[] {
  const minutes = new Set<number>([chosen]);
  for (let minute = Math.ceil(first / STEP) * STEP; minute <= last; minute += STEP) minutes.add(minute);
  return [...minutes].sort((one, other) => one - other).map((minute) => {
    const at = minuteOf(day, minute);
    return { value: at, label: minute < DAY_MINUTES ? clock(at) : `${clock(at)} (${dayjs(at).format("D MMM")})` };
  });
}

export function minuteIn(day: Day, at: Moment): number {
  const [hours, minutes] = clock(at).split(":").map(Number);
  return dayOf(at) === day ? (hours ?? 0) * 60 + (minutes ?? 0) : 0;
}
