/** One day of all rooms. */
import { Button, Text, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dayjs from "dayjs";
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { queries, type Reservation, type Room } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { useMove } from "@/shared/reservation/changes";
import { ItemDialog, ReserveDialog } from "@/shared/reservation/dialogs";
import { useLeaving } from "@/shared/reservation/Leaving";
import { type Asking, whyNotMove } from "@/shared/reservation/rules";
import { useOffer } from "@/shared/reservation/useOffer";
import type { When } from "@/shared/reservation/WhenFields";
import { dayFrom, stretchOf, today } from "@/shared/time";
import type { Item, Target } from "@/shared/timeline/timeline";
import { Timeline } from "@/shared/timeline/Timeline";
import { useFlash } from "@/shared/timeline/useFlash";
import { Answer, Empty, useTitle } from "@/shared/ui/states";
import { useUser } from "@/shared/user";
import classes from "./BoardPage.module.css";
import { PrintedDay } from "./PrintedDay";
import { itemOf, type Narrowing, narrowed, reservationsOf, rowOf, type Words } from "./shown";
import { Toolbar } from "./Toolbar";

const NO_ROOMS: Room[] = [];

export function BoardPage() {
  const { t, i18n } = useTranslation();
  const user = useUser();
  const { isStale, pollEvery } = useLive();
  const { day, narrowing, goTo, narrow } = useAddress();
  const board = useQuery({ ...queries.board(day), refetchInterval: pollEvery });
  const { ids: leaving } = useLeaving();
  const move = useMove();
  const offer = useOffer();
  const [opened, setOpened] = useState<string | null>(null);
  const [picked, setPicked] = useState<When | null>(null);

  const names = useMemo(() => ({ rows: t("board.rooms"), all: t("board.timeline") }), [t]);
  const words = useMemo<Words>(
    () => ({ mine: t("item.mine"), taken: t("item.taken"), seats: (count) => t("room.seats", { count }) }),
    [t],
  );
  const within = useMemo(() => stretchOf(day), [day]);
  const rooms = board.data?.rooms ?? NO_ROOMS;
  const held = reservationsOf(board.data);
  const { search, seats } = narrowing;
  const shown = useMemo(() => narrowed(rooms, { search, seats }), [rooms, search, seats]);
  const rows = useMemo(() => shown.map((room) => rowOf(room, within, words)), [shown, within, words]);
  const items = useMemo(() => held.map((each) => itemOf(each, user, leaving, words)), [held, user, leaving, words]);
  const screen = useRef<HTMLDivElement>(null);
  useFlash(screen, items, board.data === undefined ? "" : day);
  const asking = useMemo<Asking>(() => ({ user, now: new Date().toISOString(), held }), [user, held]);

  const roomsById = useMemo(() => new Map(rooms.map((room) => [room.id, room])), [rooms]);
  const heldById = useMemo(() => new Map(held.map((each) => [each.id, each])), [held]);

  const mayMove = useCallback(
    (item: Item, target: Target): boolean => {
      const room = roomsById.get(target.rowId);
      const moved = heldById.get(item.id);
      return room !== undefined && moved !== undefined && whyNotMove(moved, room, target, asking) === null;
    },
    [roomsById, heldById, asking],
  );
  const { mutate: moveIt } = move;
  const onMove = useCallback(
    (itemId: string, { rowId, start, end }: Target): void => {
      const reservation = heldById.get(itemId);
      const room = roomsById.get(rowId);
      if (reservation && room) moveIt({ reservation, room, start, end });
    },
    [heldById, roomsById, moveIt],
  );
  const onPick = useCallback(({ rowId, start, end }: Target) => setPicked({ roomId: rowId, start, end }), []);

  const title = dayjs(day).locale(i18n.language).format("dddd, D MMMM YYYY");
  useTitle(title);
  const open: Reservation | undefined = opened === null ? undefined : heldById.get(opened);
  return (
    <>
      <div className={classes.screen} ref={screen}>
        <VisuallyHidden component="h1">{t("board.title", { day: title })}</VisuallyHidden>
        <Toolbar day={day} narrowing={narrowing} onDay={goTo} onNarrow={narrow} onNew={isStale ? undefined : () => void offer(day, shown, user).then(setPicked)} />
        <Answer of={board}>
          {(known) => (
            <>
              {!known.isComplete && <Text c="dimmed" size="sm">{t("board.incomplete")}</Text>}
              {rows.length === 0 ? (
                <Nothing hasRooms={known.rooms.length > 0} onAll={() => narrow({ search: "", seats: 0 })} />
              ) : (
                <Timeline
                  {...{ day, rows, items, onPick, onMove, mayMove }}
                  words={names}
                  isReadOnly={isStale}
                  onOpen={setOpened}
                />
              )}
            </>
          )}
        </Answer>
      </div>
      <PrintedDay title={title} rooms={shown} items={items} within={within} />
      {picked && <ReserveDialog rooms={rooms} asking={asking} first={picked} onClose={() => setPicked(null)} />}
      {open && (
        <ItemDialog reservation={open} rooms={rooms} asking={asking} isReadOnly={isStale} onClose={() => setOpened(null)} />
      )}
    </>
  );
}

function Nothing({ hasRooms, onAll }: { hasRooms: boolean; onAll: () => void }) {
  const { t } = useTranslation();
  if (!hasRooms) return <Empty title={t("board.noRoomsYet")} />;
  return (
    <Empty title={t("board.noRooms")}>
      <Button variant="default" onClick={onAll}>
        {t("board.all")}
      </Button>
    </Empty>
  );
}

/** The day and the narrowing, as the address has them. */
function useAddress() {
  const [params, setParams] = useSearchParams();
  const day = dayFrom(params.get("day"));
  const narrowing: Narrowing = { search: params.get("q") ?? "", seats: Math.max(0, Number(params.get("seats")) || 0) };
  const set = (changes: Record<string, string>, replace: boolean): void =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { replace },
    );
  return {
    day,
    narrowing,
    goTo: (next: string) => set({ day: next === today() ? "" : next }, false),
    narrow: ({ search, seats }: Narrowing) => set({ q: search, seats: seats > 0 ? String(seats) : "" }, true),
  };
}
