/** One reservation: what it is, and for who may change it: move and cancel. The way of fingers and keys. */
import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Reservation, Room } from "@/shared/api/queries";
import { CopyLink } from "@/shared/ui/CopyLink";
import { IconMove, IconTrash } from "@/shared/ui/icons";
import { Times } from "@/shared/ui/Times";
import { useMove } from "./changes";
import { useLeaving } from "./Leaving";
import { type Asking, mayChange, whyNotMove } from "./rules";
import { type When, WhenFields } from "./WhenFields";

interface Props {
  reservation: Reservation;
  rooms: Room[];
  asking: Asking;
  isReadOnly: boolean;
  onClose: () => void;
}

export function ItemDialog({ reservation, rooms, asking, isReadOnly, onClose }: Props) {
  const { t } = useTranslation();
  const { ids, leave, undo } = useLeaving();
  const [isMoving, setMoving] = useState(false);
  const isLeaving = ids.has(reservation.id);
  const canChange = !isReadOnly && mayChange(reservation, asking.user);
  const who = reservation.isMine ? t("item.mine") : (reservation.userEmail ?? t("item.taken"));

  return (
    <Modal opened onClose={onClose} title={reservation.roomName} closeButtonProps={{ "aria-label": t("close") }}>
      {isMoving ? (
        <MoveForm reservation={reservation} rooms={rooms} asking={asking} onClose={onClose} />
      ) : (
        <Stack>
          <Text>
            <Times stretch={reservation} withDay />
          </Text>
          <Text>{isLeaving ? t("item.leaving") : who}</Text>
          {reservation.conferenceLink !== null && <CopyLink link={reservation.conferenceLink} />}
          <Group justify="flex-end">
            {canChange && isLeaving && <Button onClick={() => undo(reservation.id)}>{t("cancel.undo")}</Button>}
            {canChange && !isLeaving && (
              <>
                <Button
                  variant="default"
                  leftSection={<IconTrash />}
                  onClick={() => {
                    leave(reservation);
                    onClose();
                  }}
                >
                  {t("cancel.do")}
                </Button>
                <Button leftSection={<IconMove />} onClick={() => setMoving(true)} data-autofocus>
                  {t("move.open")}
                </Button>
              </>
            )}
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

function MoveForm({ reservation, rooms, asking, onClose }: Omit<Props, "isReadOnly">) {
  const { t } = useTranslation();
  const move = useMove();
  const [when, setWhen] = useState<When>({ roomId: reservation.roomId, start: reservation.start, end: reservation.end });
  const room = rooms.find(({ id }) => id === when.roomId);
  const refusal = room ? whyNotMove(reservation, room, when, asking) : null;
  const send = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    if (room === undefined || refusal !== null) return;
    move.mutate({ reservation, room, start: when.start, end: when.end });
    onClose();
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <WhenFields rooms={rooms} value={when} onChange={setWhen} hasFixedLength={reservation.isBooking} />
        {refusal !== null && (
          <Alert color="red" variant="outline" role="alert">
            {t(`refusal.${refusal}`)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("close")}
          </Button>
          <Button type="submit" disabled={refusal !== null}>
            {t("move.do")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
