/** A day of the restaurant's tables: the host's screen. */
import { Button, Text, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dayjs from "dayjs";
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useLive } from "@/shared/live/live";
import { useLeaving } from "@/shared/reservation/Leaving";
import { dayFrom, type Day, MINUTE, minuteOf, type Moment, momentOf, plusMinutes, stretchOf, today } from "@/shared/time";
import type { Item, Target } from "@/shared/timeline/timeline";
import { Timeline } from "@/shared/timeline/Timeline";
import { useFlash } from "@/shared/timeline/useFlash";
import { DayPicker } from "@/shared/ui/DayPicker";
import { IconPlus } from "@/shared/ui/icons";
import { Answer, Empty, useTitle } from "@/shared/ui/states";
import { useNow } from "@/shared/useNow";
import { useUser } from "@/shared/user";
import { DinnerDialog, NewPartyDialog } from "./dialogs";
import classes from "./Floor.module.css";
import { NextList } from "./NextList";
import { DINNER_MINUTES, type Evening, whoIsNext, whyNotThere } from "./offers";
import type { Wanted } from "./PartyForm";
import { type Floor, queries, useMoveDinner } from "./queries";
import { itemsOf, rowsOf } from "./shown";
import { WalkIn } from "./WalkIn";

/** Where a day begins that is not today: restaurants live in the evening. */
const EVENING_HOUR = 17;

export function FloorPage() {
  const { t, i18n } = useTranslation();
  const { isStale, pollEvery } = useLive();
  const [params, setParams] = useSearchParams();
  const day = dayFrom(params.get("day"));
  const goTo = (next: Day): void => setParams(next === today() ? {} : { day: next });
  const floor = useQuery({ ...queries.floor(day), refetchInterval: pollEvery });
  const evening = useMemo<Evening>(() => ({ tables: floor.data?.tables ?? [], held: floor.data?.reservations ?? [] }), [floor.data]);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const title = dayjs(day).locale(i18n.language).format("dddd, D MMMM YYYY");
  useTitle(`${t("nav.floor")}, ${title}`);
  const open = evening.held.find(({ id }) => id === opened);
  const openTable = evening.tables.find(({ id }) => id === open?.tableId);
  return (
    <>
      <VisuallyHidden component="h1">{t("floor.title", { day: title })}</VisuallyHidden>
      <div className={classes.tools}>
        <DayPicker day={day} onDay={goTo}>
          <Button variant="default" px="sm" onClick={() => goTo(today())} disabled={day === today()}>
            {t("board.today")}
          </Button>
        </DayPicker>
        <div className={classes.actions}>
          {day === today() && <WalkIn evening={evening} isReadOnly={isStale} />}
          <Button
            leftSection={<IconPlus />}
            disabled={isStale || evening.tables.length === 0}
            onClick={() => setWanted(firstWanted(day, new Date().toISOString()))}
          >
            {t("party.new")}
          </Button>
        </div>
      </div>
      <Answer of={floor}>
        {(known) => (known.tables.length === 0 ? <NoTables /> : <Tables {...{ known, evening, day, isStale }} onWant={setWanted} onOpen={setOpened} />)}
      </Answer>
      {wanted && <NewPartyDialog first={wanted} onClose={() => setWanted(null)} />}
      {open && openTable && <DinnerDialog dinner={open} table={openTable} isReadOnly={isStale} onClose={() => setOpened(null)} />}
    </>
  );
}

interface TablesProps {
  known: Floor;
  evening: Evening;
  day: Day;
  isStale: boolean;
  onWant: (wanted: Wanted) => void;
  onOpen: (id: string) => void;
}

function Tables({ known, evening, day, isStale, onWant, onOpen }: TablesProps) {
  const { t } = useTranslation();
  const now = useNow();
  const { ids: leaving } = useLeaving();
  const { mutate: move } = useMoveDinner();
  const { held } = evening;
  const names = useMemo(() => ({ rows: t("floor.tables"), all: t("floor.timeline") }), [t]);
  const words = useMemo(() => ({ taken: t("item.taken"), seats: (count: number) => t("room.seats", { count }) }), [t]);
  const within = useMemo(() => stretchOf(day), [day]);
  const rows = useMemo(() => rowsOf(known.tables, words), [known.tables, words]);
  const items = useMemo(() => itemsOf(held, within, leaving, words), [held, within, leaving, words]);
  const tables = useMemo(() => new Map(known.tables.map((table) => [table.id, table])), [known.tables]);
  const screen = useRef<HTMLDivElement>(null);
  useFlash(screen, items, day);

  const found = useCallback(
    (id: string, { rowId }: Target) => {
      const dinner = held.find((each) => each.id === id);
      const table = tables.get(Number(rowId));
      return dinner && table ? { dinner, table } : undefined;
    },
    [held, tables],
  );
  const mayMove = useCallback(
    (item: Item, target: Target): boolean => {
      const both = found(item.id, target);
      return both !== undefined && item.canMove && whyNotThere(evening, both.dinner, both.table, target) === null;
    },
    [found, evening],
  );
  const onMove = useCallback(
    (id: string, target: Target): void => {
      const both = found(id, target);
      if (both) move({ ...both, start: target.start, end: target.end });
    },
    [found, move],
  );
  const onPick = useCallback(
    ({ rowId, start, end }: Target): void => {
      const isDrawn = Date.parse(end) > Date.parse(plusMinutes(start, 30));
      onWant({ name: "", size: 2, tableId: Number(rowId), start, end: isDrawn ? end : plusMinutes(start, DINNER_MINUTES) });
    },
    [onWant],
  );
  return (
    <>
      {!known.isComplete && <Text c="dimmed" size="sm">{t("board.incomplete")}</Text>}
      <div className={classes.floor}>
        <div ref={screen}>
          <Timeline {...{ day, rows, items, onPick, onOpen, onMove, mayMove }} words={names} firstHour={EVENING_HOUR} isReadOnly={isStale} />
        </div>
        <NextList awaited={whoIsNext(held, now, within)} {...{ tables, leaving, onOpen }} isToday={day === today()} />
      </div>
    </>
  );
}

function NoTables() {
  const { t } = useTranslation();
  const { role } = useUser();
  return (
    <Empty title={t("floor.noTables")}>
      {role === "admin" && (
        <Button component={Link} to="/admin/tables">
          {t("nav.tables")}
        </Button>
      )}
    </Empty>
  );
}

/** The next full quarter of an hour; on other days when the evening begins. */
function firstWanted(day: Day, now: Moment): Wanted {
  const quarter = 15 * MINUTE;
  const next = momentOf((Math.floor(Date.parse(now) / quarter) + 1) * quarter);
  const start = day === today() ? next : minuteOf(day, (EVENING_HOUR + 2) * 60);
  return { name: "", size: 2, tableId: null, start, end: plusMinutes(start, DINNER_MINUTES) };
}
