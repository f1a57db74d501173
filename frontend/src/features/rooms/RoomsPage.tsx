/** The office's rooms. */
import { Anchor, Badge, Card, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { queries, type Room } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { HoursText } from "@/shared/ui/HoursText";
import { IconSearch } from "@/shared/ui/icons";
import { Answer, Empty, PageTitle } from "@/shared/ui/states";
import { today } from "@/shared/time";

export function RoomsPage() {
  const { t } = useTranslation();
  const { pollEvery } = useLive();
  const board = useQuery({ ...queries.board(today()), refetchInterval: pollEvery });
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLocaleLowerCase();
  return (
    <>
      <PageTitle>{t("rooms.title")}</PageTitle>
      <Answer of={board}>
        {({ rooms }) => {
          const managed = rooms.filter((room) => room.isManaged && !room.isRetired);
          const shown = managed.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
          if (managed.length === 0) return <Empty title={t("board.noRoomsYet")} />;
          return (
            <>
              <TextInput
                aria-label={t("board.search")}
                placeholder={t("board.search")}
                leftSection={<IconSearch />}
                maw={320}
                mb="md"
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
              />
              {shown.length === 0 && <Empty title={t("board.noRooms")} />}
              <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
                {shown.map((room) => (
                  <RoomCard key={room.id} room={room} />
                ))}
              </SimpleGrid>
            </>
          );
        }}
      </Answer>
    </>
  );
}

function RoomCard({ room }: { room: Room }) {
  const { t } = useTranslation();
  return (
    <Card withBorder padding="md">
      <Stack gap={6}>
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Anchor component={Link} to={`/rooms/${room.id}`} fw={600} style={{ overflowWrap: "anywhere" }}>
            {room.name}
          </Anchor>
          {room.capacity !== null && (
            <Badge variant="default" tt="none" style={{ flex: "none" }}>
              {t("room.seats", { count: room.capacity })}
            </Badge>
          )}
        </Group>
        {room.description !== null && <Text size="sm">{room.description}</Text>}
        <Text size="sm" c="dimmed">
          <HoursText hours={room.hours} />
        </Text>
      </Stack>
    </Card>
  );
}
