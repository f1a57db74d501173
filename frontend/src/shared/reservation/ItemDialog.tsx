/** One reservation of a room. The way of fingers and keys. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Reservation, Room } from "@/shared/api/queries";
import { CopyLink } from "@/shared/ui/CopyLink";
import { SendForm } from "@/shared/ui/SendForm";
import { useMove } from "./changes";
import { HeldDialog } from "./HeldDialog";
import { useGiveBack } from "./Leaving";
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
  const giveBack = useGiveBack();
  return (
    <HeldDialog
      id={reservation.id}
      title={reservation.roomName}
      stretch={reservation}
      who={reservation.isMine ? t("item.mine") : (reservation.userEmail ?? t("item.taken"))}
      canChange={!isReadOnly && mayChange(reservation, asking.user)}
      onLeave={() => giveBack(reservation)}
      onClose={onClose}
      moving={<MoveForm {...{ reservation, rooms, asking, onClose }} />}
    >
      {reservation.conferenceLink !== null && <CopyLink link={reservation.conferenceLink} />}
    </HeldDialog>
  );
}

function MoveForm({ reservation, rooms, asking, onClose }: Omit<Props, "isReadOnly">) {
  const { t } = useTranslation();
  const move = useMove();
  const [when, setWhen] = useState<When>({ roomId: reservation.roomId, start: reservation.start, end: reservation.end });
  const room = rooms.find(({ id }) => id === when.roomId);
  const refusal = room ? whyNotMove(reservation, room, when, asking) : null;
  const send = (): void => {
    if (room === undefined) return;
    move.mutate({ reservation, room, start: when.start, end: when.end });
    onClose();
  };
  return (
    <SendForm
      action={t("move.do")}
      refusal={refusal && t(`refusal.${refusal}`)}
      mayBeSent={refusal === null}
      onSend={send}
      onClose={onClose}
    >
      <WhenFields rooms={rooms} value={when} onChange={setWhen} hasFixedLength={reservation.isBooking} />
    </SendForm>
  );
}
