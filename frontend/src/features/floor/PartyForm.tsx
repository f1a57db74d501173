/** Who comes, when, for how long, and at which table: only those that are free and large enough are offered. */
import { Button, Group, NativeSelect, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText, formText } from "@/shared/api/errors";
import { DayField, StartField } from "@/shared/reservation/WhenFields";
import { conflictIn } from "@/shared/reservation/Taken";
import { tableName } from "@/shared/tables";
import { clock, clockRange, dayOf, minuteIn, minuteOf, minutesOf, type Moment, plusMinutes, type Stretch, utcRange } from "@/shared/time";
import { SendForm } from "@/shared/ui/SendForm";
import classes from "./Floor.module.css";
import { nextStart, offers } from "./offers";
import { type DinnerTable, glance } from "./queries";

export interface Wanted extends Stretch {
  name: string;
  size: number;
  tableId: number | null;
}

export interface Chosen extends Wanted {
  table: DinnerTable;
}

interface Props {
  first: Wanted;
  /** The reservation that is moved: who comes is known, and it is not in its own way. */
  movedId?: string;
  action: string;
  /** Why it was refused. */
  error: unknown;
  isBusy: boolean;
  /** Something else is wanted than what was refused. */
  onChange: () => void;
  onSend: (chosen: Chosen) => void;
  onClose: () => void;
}

export function PartyForm({ first, movedId, action, error, isBusy, onChange, onSend, onClose }: Props) {
  const { t } = useTranslation();
  const [wanted, setGiven] = useState(first);
  const setWanted = (next: Wanted): void => {
    onChange();
    setGiven(next);
  };
  const [lostName, setLostName] = useState("");
  const day = dayOf(wanted.start);
  const floor = useQuery(glance(day));
  const length = minutesOf(wanted);
  const evening = { tables: floor.data?.tables ?? [], held: floor.data?.reservations ?? [] };
  const offered = offers(evening, wanted.size, wanted, movedId);
  // What was chosen stays chosen as long as it is free; else the tightest fit is.
  const table = offered.find(({ id }) => id === wanted.tableId) ?? offered[0];
  const lost = conflictIn(error);
  const send = (): void => {
    if (table === undefined) return;
    setLostName(tableName(table.name));
    onSend({ ...wanted, name: wanted.name.trim(), table });
  };
  const startAt = (start: Moment, minutes = length): void => setWanted({ ...wanted, start, end: plusMinutes(start, minutes) });
  return (
    <SendForm
      action={action}
      refusal={lost === undefined ? formText(error, []) : `${errorText(error)} ${t("refusal.inTheWay", { room: lostName, time: clockRange(lost) })}`}
      mayBeSent={table !== undefined}
      isBusy={isBusy}
      onSend={send}
      onClose={onClose}
    >
      {movedId === undefined && (
        <Group align="flex-start" wrap="nowrap">
          <TextInput
            label={t("party.name")}
            required
            maxLength={255}
            data-autofocus
            style={{ flex: 1 }}
            value={wanted.name}
            onChange={(event) => setWanted({ ...wanted, name: event.currentTarget.value })}
          />
          <SizeField size={wanted.size} onSize={(size) => setWanted({ ...wanted, size })} />
        </Group>
      )}
      <DayField day={day} onDay={(picked) => picked !== day && startAt(minuteOf(picked, minuteIn(day, wanted.start)))} />
      <Group grow title={utcRange(wanted)}>
        <StartField start={wanted.start} onStart={startAt} />
        <LengthField minutes={length} onMinutes={(minutes) => startAt(wanted.start, minutes)} />
      </Group>
      {table === undefined ? (
        <NoTable next={nextStart(evening, wanted.size, wanted, movedId)} isKnown={floor.data !== undefined} onNext={startAt} />
      ) : (
        <Offers offered={offered} chosen={table} onChoose={(tableId) => setWanted({ ...wanted, tableId })} />
      )}
    </SendForm>
  );
}

function SizeField({ size, onSize }: { size: number; onSize: (size: number) => void }) {
  const { t } = useTranslation();
  return (
    <TextInput
      label={t("party.size")}
      type="number"
      inputMode="numeric"
      min={1}
      max={1000}
      required
      w={96}
      value={size || ""}
      onChange={(event) => onSize(Math.max(0, Math.floor(Number(event.currentTarget.value))))}
    />
  );
}

const LENGTHS = [45, 60, 75, 90, 105, 120, 150, 180, 240, 300];

function LengthField({ minutes, onMinutes }: { minutes: number; onMinutes: (minutes: number) => void }) {
  const { t } = useTranslation();
  const lengths = [...new Set([...LENGTHS, minutes])].sort((one, other) => one - other);
  const shown = (each: number): string => `${Math.floor(each / 60)}:${String(each % 60).padStart(2, "0")}`;
  return (
    <NativeSelect
      label={t("party.length")}
      data={lengths.map((each) => ({ value: String(each), label: shown(each) }))}
      value={String(minutes)}
      onChange={(event) => onMinutes(Number(event.currentTarget.value))}
    />
  );
}

interface OffersProps {
  offered: DinnerTable[];
  chosen: DinnerTable;
  onChoose: (id: number) => void;
}

function Offers({ offered, chosen, onChoose }: OffersProps) {
  const { t } = useTranslation();
  return (
    <Radio.Group label={t("party.table")} value={String(chosen.id)} onChange={(id) => onChoose(Number(id))}>
      <Stack gap={6} mt={4} className={classes.offers}>
        {offered.map(({ id, name, seats, location }) => (
          <Radio.Card key={id} value={String(id)} className={classes.offer ?? ""} aria-label={`${tableName(name)}, ${t("room.seats", { count: seats })}, ${location}`}>
            <Group wrap="nowrap" gap="sm">
              <Radio.Indicator />
              <Text size="sm" fw={500} style={{ overflowWrap: "anywhere" }}>{tableName(name)}</Text>
              <Text size="sm" c="dimmed" ml="auto" ta="end">{`${t("room.seats", { count: seats })} · ${location}`}</Text>
            </Group>
          </Radio.Card>
        ))}
      </Stack>
    </Radio.Group>
  );
}

interface NoTableProps {
  next: Moment | null;
  isKnown: boolean;
  onNext: (start: Moment) => void;
}

function NoTable({ next, isKnown, onNext }: NoTableProps) {
  const { t } = useTranslation();
  if (!isKnown) return null;
  return (
    <Group role="alert" className={classes.none ?? ""} gap="sm">
      <Text size="sm">{t("party.noTable")}</Text>
      {next !== null && (
        <Button size="compact-sm" variant="default" onClick={() => onNext(next)}>
          {t("party.nextAt", { time: clock(next) })}
        </Button>
      )}
    </Group>
  );
}
