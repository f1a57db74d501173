/** What the club has on: cards with what is left of each event. */
import { Anchor, Button, Card, Group, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useLive } from "@/shared/live/live";
import { IconPlus, IconSearch, IconUsers } from "@/shared/ui/icons";
import { Empty, PageTitle } from "@/shared/ui/states";
import { useVisitor } from "@/shared/user";
import { EventDialog } from "./EventDialog";
import { askingEvery, type ClubEvent, queries } from "./queries";
import { SeatActions } from "./SeatActions";
import { SeatBar } from "./SeatBar";
import { Seen } from "./Seen";

const TYPING_MILLISECONDS = 250;

export function EventsPage() {
  const { t } = useTranslation();
  const user = useVisitor();
  const { isStale, pollEvery } = useLive();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), TYPING_MILLISECONDS);
  const events = useInfiniteQuery({ ...queries.events(user, search), refetchInterval: askingEvery(pollEvery, user) });
  const [isMaking, setMaking] = useState(false);
  const isAdmin = user?.role === "admin";
  return (
    <>
      <PageTitle
        aside={
          isAdmin && (
            <Button leftSection={<IconPlus />} disabled={isStale} onClick={() => setMaking(true)}>
              {t("event.new")}
            </Button>
          )
        }
      >
        {t("nav.events")}
      </PageTitle>
      <TextInput
        aria-label={t("events.search")}
        placeholder={t("events.search")}
        leftSection={<IconSearch />}
        maw={320}
        mb="md"
        value={typed}
        onChange={(change) => setTyped(change.currentTarget.value)}
      />
      <Seen of={events}>
        {({ pages }) => {
          const shown = pages.flatMap((page) => page.events);
          if (shown.length === 0) return <Empty title={t(search ? "events.noSuch" : isAdmin ? "events.makeFirst" : "events.none")} />;
          return (
            <Stack>
              <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
                {shown.map((event) => (
                  <EventCard key={event.id} event={event} isAdmin={isAdmin} />
                ))}
              </SimpleGrid>
              {events.hasNextPage && (
                <Button variant="default" mx="auto" loading={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
                  {t("events.more")}
                </Button>
              )}
            </Stack>
          );
        }}
      </Seen>
      {isMaking && <EventDialog onClose={() => setMaking(false)} onKept={(id) => void navigate(`/events/${id}`)} />}
    </>
  );
}

function EventCard({ event, isAdmin }: { event: ClubEvent; isAdmin: boolean }) {
  const { t } = useTranslation();
  return (
    <Card withBorder padding="md" role="group" aria-label={event.name}>
      <Stack gap="sm" h="100%" justify="space-between">
        <Anchor component={Link} to={`/events/${event.id}`} fw={600} size="lg" style={{ overflowWrap: "anywhere" }}>
          {event.name}
        </Anchor>
        <Stack gap="sm">
          <SeatBar event={event} />
          <Group justify="space-between" mih={36} gap="xs">
            <SeatActions event={event} />
            {isAdmin && (
              <Button
                size="sm"
                variant="subtle"
                component={Link}
                to={`/admin/events/${event.id}`}
                leftSection={<IconUsers />}
                aria-label={`${t("attendees.open")}: ${event.name}`}
              >
                {t("attendees.open")}
              </Button>
            )}
          </Group>
        </Stack>
      </Stack>
    </Card>
  );
}
