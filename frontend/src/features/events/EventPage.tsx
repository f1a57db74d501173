/** One event, to be sent as a link. */
import { Anchor, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { ApiError } from "@/shared/api/client";
import { useLive } from "@/shared/live/live";
import { CopyButton } from "@/shared/ui/CopyLink";
import { IconUsers } from "@/shared/ui/icons";
import { Empty, PageTitle } from "@/shared/ui/states";
import { useVisitor } from "@/shared/user";
import { EventDialog } from "./EventDialog";
import { askingEvery, type ClubEvent, queries } from "./queries";
import { SeatActions } from "./SeatActions";
import { SeatBar } from "./SeatBar";
import { Seen } from "./Seen";

export function EventPage() {
  const { t } = useTranslation();
  const { eventId = "" } = useParams();
  const user = useVisitor();
  const { pollEvery } = useLive();
  const event = useQuery({ ...queries.event(user, eventId), refetchInterval: askingEvery(pollEvery, user) });
  return (
    <Stack maw={640} mx="auto">
      <Anchor component={Link} to="/events" size="sm">
        {t("events.all")}
      </Anchor>
      {isGone(event.error) ? <Empty title={t("errors.EVENT_NOT_FOUND")} /> : <Seen of={event}>{(known) => <Whole event={known} />}</Seen>}
    </Stack>
  );
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && (error.code === "EVENT_NOT_FOUND" || error.code === "INVALID_REQUEST");
}

function Whole({ event }: { event: ClubEvent }) {
  const { t } = useTranslation();
  const user = useVisitor();
  const { isStale } = useLive();
  const [isChanging, setChanging] = useState(false);
  return (
    <Paper withBorder p={{ base: "md", sm: "xl" }}>
      <PageTitle>{event.name}</PageTitle>
      <Stack gap="lg">
        <SeatBar event={event} isLarge />
        <Group justify="space-between">
          <SeatActions event={event} />
          <CopyButton text={location.href} size="sm" />
        </Group>
        {user === null && <Text size="sm" c="dimmed">{t("seat.oneEach")}</Text>}
        {user?.role === "admin" && (
          <Group gap="xs">
            <Button variant="default" disabled={isStale} onClick={() => setChanging(true)}>
              {t("event.change")}
            </Button>
            <Button variant="default" component={Link} to={`/admin/events/${event.id}`} leftSection={<IconUsers />}>
              {t("attendees.open")}
            </Button>
          </Group>
        )}
      </Stack>
      {isChanging && <EventDialog event={event} onClose={() => setChanging(false)} />}
    </Paper>
  );
}
