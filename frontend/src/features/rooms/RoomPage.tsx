/** One room's day: its free half hours, and what is held. */
import { Box, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { type Board, queries, type Reservation, type Room } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { DayPicker } from "@/shared/ui/DayPicker";
import { CopyLink } from "@/shared/ui/CopyLink";
import { HoursText } from "@/shared/ui/HoursText";
import { ItemDialog, ReserveDialog } from "@/shared/reservation/dialogs";
import { useLeaving } from "@/shared/reservation/Leaving";
import { type Asking, mayChange } from "@/shared/reservation/rules";
import type { When } from "@/shared/reservation/WhenFields";
import { clock, type Day, dayFrom, today, utcRange } from "@/shared/time";
import { Answer, Empty, PageTitle } from "@/shared/ui/states";
import { Times } from "@/shared/ui/Times";
import { useUser } from "@/shared/user";

export function RoomPage() {
  const { t } = useTranslation();
  const { roomId = "" } = useParams();
  const { pollEvery } = useLive();
  const [params, setParams] = useSearchParams();
  const day = dayFrom(params.get("day"));
  const board = useQuery({ ...queries.board(day), refetchInterval: pollEvery });
  const goTo = (next: Day): void => setParams(next === today() ? {} : { day: next });
  return (
    <Answer of={board}>
      {(known) => {
        const room = known.rooms.find(({ id }) => id === roomId);
        if (room === undefined) return <Empty title={t("errors.ROOM_NOT_FOUND")} />;
        return (
          <>
            <PageTitle>{room.name}</PageTitle>
            <About room={room} day={day} />
            <Box my="md" maw={280}>
              <DayPicker day={day} onDay={goTo} />
            </Box>
            <RoomDay room={room} day={day} board={known} />
          </>
        );
      }}
    </Answer>
  );
}

function About({ room, day }: { room: Room; day: Day }) {
  const { t } = useTranslation();
  const parts = [room.description, room.capacity === null ? null : t("room.seats", { count: room.capacity })];
  return (
    <Text c="dimmed" size="sm">
      {parts.filter((part) => part !== null).map((part) => `${part} · `)}
      <HoursText hours={room.hours} day={day} />
    </Text>
  );
}

function RoomDay({ room, day, board }: { room: Room; day: Day; board: Board }) {
  const { t } = useTranslation();
  const user = useUser();
  const { isStale } = useLive();
  const [picked, setPicked] = useState<When | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const asking: Asking = { user, now: new Date().toISOString(), held: board.reservations };
  const held = board.reservations.filter((each) => each.roomId === room.id);
  // Of all rooms: while it is moved to another, its dialog must stay.
  const open = board.reservations.find(({ id }) => id === opened);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      <FreeSlots room={room} day={day} isReadOnly={isStale} onPick={setPicked} />
      <section aria-label={t("rooms.held")}>
        <Title order={2} size="h4" mb="sm">
          {t("rooms.held")}
        </Title>
        {held.length === 0 && <Text c="dimmed">{t("rooms.nothingHeld")}</Text>}
        <Stack gap="xs">
          {held.map((each) => (
            <Held key={each.id} held={each} {...(mayChange(each, user) && { onOpen: () => setOpened(each.id) })} />
          ))}
        </Stack>
      </section>
      {picked && <ReserveDialog rooms={board.rooms} asking={asking} first={picked} onClose={() => setPicked(null)} />}
      {open && (
        <ItemDialog reservation={open} rooms={board.rooms} asking={asking} isReadOnly={isStale} onClose={() => setOpened(null)} />
      )}
    </SimpleGrid>
  );
}

interface SlotsProps {
  room: Room;
  day: Day;
  isReadOnly: boolean;
  onPick: (when: When) => void;
}

function FreeSlots({ room, day, isReadOnly, onPick }: SlotsProps) {
  const { t } = useTranslation();
  const { pollEvery } = useLive();
  const user = useUser();
  const slots = useQuery({ ...queries.slots(room.id, day), enabled: room.isManaged, refetchInterval: pollEvery });
  if (!room.isManaged) return <Text>{t("rooms.alwaysOpen")} <Link to={`/?day=${day}`}>{t("nav.board")}</Link></Text>;
  return (
    <section aria-label={t("rooms.free")}>
      <Title order={2} size="h4" mb="sm">
        {t("rooms.free")}
      </Title>
      <Answer of={slots}>
        {(found) => {
          const coming = found.filter((slot) => Date.parse(slot.start) >= Date.now());
          if (coming.length === 0) return <Text c="dimmed">{t("rooms.noneFree")}</Text>;
          return (
            <>
              <Text size="sm" mb="xs" aria-live="polite">
                {user.role === "admin" ? t("refusal.adminsDoNotBook") : t("rooms.freeCount", { count: coming.length })}
              </Text>
              <SimpleGrid cols={{ base: 4, sm: 5, md: 4, lg: 6 }} spacing="xs">
                {coming.map((slot) => user.role === "admin" ? (
                  <Text key={slot.id} size="sm" ta="center" title={utcRange(slot)}>{clock(slot.start)}</Text>
                ) : (
                  <Button
                    key={slot.id}
                    variant="default"
                    px={4}
                    disabled={isReadOnly}
                    title={utcRange(slot)}
                    aria-label={t("rooms.bookAt", { time: clock(slot.start) })}
                    onClick={() => onPick({ roomId: room.id, start: slot.start, end: slot.end })}
                  >
                    {clock(slot.start)}
                  </Button>
                ))}
              </SimpleGrid>
            </>
          );
        }}
      </Answer>
    </section>
  );
}

function Held({ held, onOpen }: { held: Reservation; onOpen?: () => void }) {
  const { t } = useTranslation();
  const { ids } = useLeaving();
  const isLeaving = ids.has(held.id);
  return (
    <Paper withBorder p="xs">
      <Group justify="space-between" gap="xs">
        <Text size="sm" td={isLeaving ? "line-through" : undefined}>
          <Times stretch={held} /> · {held.isMine ? t("item.mine") : (held.userEmail ?? t("item.taken"))}
        </Text>
        {onOpen && (
          <Button size="compact-sm" variant="default" onClick={onOpen}>
            {t("item.open")}
          </Button>
        )}
      </Group>
      {held.conferenceLink !== null && <CopyLink link={held.conferenceLink} />}
    </Paper>
  );
}
