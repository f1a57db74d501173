/** Rooms, as those see them who keep them: make, give hours, retire. */
import { Badge, Button, Card, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/shared/api/client";
import { queries, type Room } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { refresh } from "@/shared/reservation/changes";
import { refused } from "@/shared/ui/toasts";
import { today } from "@/shared/time";
import { Confirm } from "@/shared/ui/Confirm";
import { HoursText } from "@/shared/ui/HoursText";
import { IconPlus } from "@/shared/ui/icons";
import { Answer, Empty, PageTitle } from "@/shared/ui/states";
import { HoursDialog } from "./HoursDialog";
import { RoomDialog } from "./RoomDialog";

type Opened = { what: "new" } | { what: "hours" | "retire"; room: Room } | null;

export function AdminRoomsPage() {
  const { t } = useTranslation();
  const { isStale, pollEvery } = useLive();
  const board = useQuery({ ...queries.board(today()), refetchInterval: pollEvery });
  const [opened, setOpened] = useState<Opened>(null);
  const close = (): void => setOpened(null);
  return (
    <>
      <PageTitle
        aside={
          <Button leftSection={<IconPlus />} disabled={isStale} onClick={() => setOpened({ what: "new" })}>
            {t("admin.newRoom")}
          </Button>
        }
      >
        {t("admin.rooms")}
      </PageTitle>
      <Answer of={board}>
        {({ rooms }) => {
          const managed = rooms.filter((room) => room.isManaged && !room.isRetired);
          if (managed.length === 0) return <Empty title={t("admin.noRooms")} />;
          return (
            <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
              {managed.map((room) => (
                <RoomRow key={room.id} room={room} isReadOnly={isStale} onOpen={(what) => setOpened({ what, room })} />
              ))}
            </SimpleGrid>
          );
        }}
      </Answer>
      {opened?.what === "new" && <RoomDialog onClose={close} onMade={(room) => setOpened({ what: "hours", room })} />}
      {opened?.what === "hours" && <HoursDialog room={opened.room} onClose={close} />}
      {opened?.what === "retire" && <Retire room={opened.room} onClose={close} />}
    </>
  );
}

interface RowProps {
  room: Room;
  isReadOnly: boolean;
  onOpen: (what: "hours" | "retire") => void;
}

function RoomRow({ room, isReadOnly, onOpen }: RowProps) {
  const { t } = useTranslation();
  return (
    <Card withBorder padding="sm" role="group" aria-label={room.name}>
      <Group justify="space-between" gap="sm">
        <Stack gap={2} style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Text fw={600} style={{ overflowWrap: "anywhere" }}>
              {room.name}
            </Text>
            {room.capacity !== null && (
              <Badge variant="default" tt="none">
                {t("room.seats", { count: room.capacity })}
              </Badge>
            )}
          </Group>
          {room.description !== null && <Text size="sm">{room.description}</Text>}
          <Text size="sm" c="dimmed">
            <HoursText hours={room.hours} />
          </Text>
        </Stack>
        <Group gap="xs">
          {room.hours === null && (
            <Button size="xs" disabled={isReadOnly} onClick={() => onOpen("hours")}>
              {t("admin.setHours")}
            </Button>
          )}
          <Button size="xs" variant="default" disabled={isReadOnly} onClick={() => onOpen("retire")}>
            {t("admin.retire")}
          </Button>
        </Group>
      </Group>
    </Card>
  );
}

function Retire({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const retire = useMutation({
    mutationFn: () => data(api.POST("/rooms/{room_id}/retire", { params: { path: { room_id: room.id } } })),
    onError: (error) => refused(error, t("refused.retire")),
    onSettled: () => refresh(client),
    onSuccess: onClose,
  });
  return (
    <Confirm
      title={t("admin.retireTitle", { room: room.name })}
      text={t("admin.retireText")}
      action={t("admin.retire")}
      isBusy={retire.isPending}
      onConfirm={() => retire.mutate()}
      onClose={onClose}
    />
  );
}
