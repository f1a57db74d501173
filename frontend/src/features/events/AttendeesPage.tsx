/** Who comes to an event, for admins: found by a part of their address or name. */
import { Anchor, Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useLive } from "@/shared/live/live";
import { useLeaving } from "@/shared/reservation/Leaving";
import { IconSearch, IconTrash } from "@/shared/ui/icons";
import { Answer, Empty, PageTitle } from "@/shared/ui/states";
import { At } from "@/shared/ui/Times";
import { useUser } from "@/shared/user";
import { goingSeat, useGiveSeatBack } from "@/shared/seats";
import { type Attendee, queries } from "./queries";
import { SeatBar } from "./SeatBar";

const TYPING_MILLISECONDS = 250;

export function AttendeesPage() {
  const { t } = useTranslation();
  const { eventId = "" } = useParams();
  const { pollEvery } = useLive();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), TYPING_MILLISECONDS);
  const event = useQuery({ ...queries.event(useUser(), eventId), refetchInterval: pollEvery });
  const attendees = useInfiniteQuery({ ...queries.attendees(eventId, search), refetchInterval: pollEvery });
  return (
    <Answer of={event}>
      {(known) => (
        <Stack>
          <PageTitle>{t("attendees.title", { event: known.name })}</PageTitle>
          <Group justify="space-between" align="flex-end">
            <TextInput
              aria-label={t("attendees.search")}
              placeholder={t("attendees.search")}
              leftSection={<IconSearch />}
              w={320}
              maw="100%"
              value={typed}
              onChange={(change) => setTyped(change.currentTarget.value)}
            />
            <Anchor component={Link} to={`/events/${eventId}`} size="sm">
              {t("attendees.toEvent")}
            </Anchor>
          </Group>
          <SeatBar event={known} />
          <Answer of={attendees}>
            {({ pages }) => {
              const shown = pages.flatMap((page) => page.attendees);
              if (shown.length === 0) return <Empty title={t(search ? "attendees.noSuch" : "attendees.none")} />;
              return (
                <>
                  <People people={shown} eventName={known.name} />
                  {attendees.hasNextPage && (
                    <Button variant="default" mx="auto" loading={attendees.isFetchingNextPage} onClick={() => void attendees.fetchNextPage()}>
                      {t("events.more")}
                    </Button>
                  )}
                </>
              );
            }}
          </Answer>
        </Stack>
      )}
    </Answer>
  );
}

function People({ people, eventName }: { people: Attendee[]; eventName: string }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={320} type="native" tabIndex={0}>
      <Table striped aria-label={t("attendees.open")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("admin.who")}</Table.Th>
            <Table.Th visibleFrom="sm">{t("attendees.since")}</Table.Th>
            <Table.Th>{t("users.actions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {people.map((each) => (
            <Person key={each.bookingId} person={each} eventName={eventName} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Person({ person, eventName }: { person: Attendee; eventName: string }) {
  const { t } = useTranslation();
  const { isStale } = useLive();
  const { ids, undo } = useLeaving();
  const giveBack = useGiveSeatBack();
  const name = person.userEmail ?? person.userId;
  const going = goingSeat(person.bookingId);
  const isLeaving = ids.has(going);
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: "anywhere" }}>
        <Anchor component={Link} to={`/people/${encodeURIComponent(person.userId)}`} state={{ name }}>
          {name}
        </Anchor>{" "}
        {isLeaving && <Text span size="sm" c="red.9">{t("item.leaving")}</Text>}
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <At moment={person.createdAt} />
      </Table.Td>
      <Table.Td>
        {isLeaving ? (
          <Button size="xs" onClick={() => undo(going)}>{t("cancel.undo")}</Button>
        ) : (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconTrash />}
            disabled={isStale}
            aria-label={t("attendees.cancelWho", { name })}
            onClick={() => giveBack({ name: `${eventName}, ${name}` }, person.bookingId)}
          >
            {t("attendees.cancel")}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
