/** What one holds from now on: rooms and tables by time, and seats at events, which have none. */
import { Anchor, Badge, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { queries, type Reservation } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { useGiveBack, useLeaving } from "@/shared/reservation/Leaving";
import { goingSeat, type HeldSeat, statisticsOf, useGiveSeatBack } from "@/shared/seats";
import { tableName } from "@/shared/tables";
import { dayOf } from "@/shared/time";
import { CopyLink } from "@/shared/ui/CopyLink";
import { Empty, Failure, Loading, PageTitle } from "@/shared/ui/states";
import { Times } from "@/shared/ui/Times";
import { useUser } from "@/shared/user";

export function MyBookingsPage() {
  const { t } = useTranslation();
  const { id } = useUser();
  const { pollEvery } = useLive();
  const mine = useQuery({ ...queries.mine(), refetchInterval: pollEvery });
  const statistics = useQuery({ ...statisticsOf(id), refetchInterval: pollEvery });
  const held = mine.data ?? [];
  const seats = statistics.data?.events ?? [];
  const failed = [mine, statistics].find(({ data, error }) => data === undefined && error !== null);
  const isLoading = [mine, statistics].some(({ isPending }) => isPending);
  return (
    <>
      <PageTitle>{t("mine.title")}</PageTitle>
      {/* What is known is shown, even if the other half cannot be had now. */}
      {failed && <Failure error={failed.error} onRetry={() => void failed.refetch()} />}
      {isLoading && <Loading />}
      {!isLoading && !failed && held.length + seats.length === 0 && (
        <Empty title={t("mine.none")}>
          <Button component={Link} to="/">
            {t("mine.toBoard")}
          </Button>
        </Empty>
      )}
      {held.length + seats.length > 0 && (
        <Text c="dimmed" size="sm" mb="sm">
          {t("mine.count", { count: held.length + seats.length })}
        </Text>
      )}
      <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
        {held.map((each) => (
          <Mine key={each.id} held={each} />
        ))}
      </Stack>
      {seats.length > 0 && (
        <section aria-labelledby="seats">
          <Title order={2} size="h4" my="sm" id="seats">
            {t("nav.events")}
          </Title>
          <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
            {seats.map((each) => (
              <MySeat key={each.booking_id} seat={each} />
            ))}
          </Stack>
        </section>
      )}
    </>
  );
}

function Mine({ held }: { held: Reservation }) {
  const giveBack = useGiveBack();
  const isTable = held.kind === "table";
  return (
    <Held
      id={held.id}
      name={isTable ? tableName(held.roomName) : held.roomName}
      to={`${isTable ? "/floor" : "/"}?day=${dayOf(held.start)}`}
      onCancel={() => giveBack(held)}
    >
      <Times stretch={held} withDay />
      {held.conferenceLink !== null && <CopyLink link={held.conferenceLink} />}
    </Held>
  );
}

function MySeat({ seat }: { seat: HeldSeat }) {
  const { t } = useTranslation();
  const giveBack = useGiveSeatBack();
  return (
    <Held
      id={goingSeat(seat.booking_id)}
      name={seat.event_name}
      to={`/events/${seat.event_id}`}
      onCancel={() => giveBack({ name: seat.event_name }, seat.booking_id)}
    >
      {t("mine.seat")}
    </Held>
  );
}

interface HeldProps {
  /** By which it waits to be cancelled. */
  id: string;
  name: string;
  to: string;
  onCancel: () => void;
  children: React.ReactNode;
}

function Held({ id, name, to, onCancel, children }: HeldProps) {
  const { t } = useTranslation();
  const { isStale } = useLive();
  const { ids, undo } = useLeaving();
  const isLeaving = ids.has(id);
  return (
    <Paper component="li" withBorder p="md" aria-label={name}>
      <Group justify="space-between" gap="sm">
        <Stack gap={4} style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Anchor component={Link} to={to} fw={600} style={{ overflowWrap: "anywhere" }}>
              {name}
            </Anchor>
            {isLeaving && (
              <Badge color="red" variant="outline" tt="none">
                {t("item.leaving")}
              </Badge>
            )}
          </Group>
          <Text size="sm" component="div" td={isLeaving ? "line-through" : undefined}>
            {children}
          </Text>
        </Stack>
        {isLeaving ? (
          <Button onClick={() => undo(id)}>{t("cancel.undo")}</Button>
        ) : (
          <Button variant="default" disabled={isStale} onClick={onCancel}>
            {t("cancel.do")}
          </Button>
        )}
      </Group>
    </Paper>
  );
}
