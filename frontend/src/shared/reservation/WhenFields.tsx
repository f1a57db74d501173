/** Which room, which day, from when until when: the fields that reserving and moving share. */
import { Group, NativeSelect, Select } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import type { Room } from "@/shared/api/queries";
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
}

const STEP = 15;
const DAY_MINUTES = 24 * 60;

export function WhenFields({ rooms, value, onChange, hasFixedLength = false, mayName = false }: Props) {
  const { t } = useTranslation();
  const day = dayOf(value.start);
  const length = minutesOf(value);
  const ends = times(day, momentsIn({ start: nextStep(value.start), end: plusMinutes(value.start, DAY_MINUTES + 1) }, STEP), value.end);

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
