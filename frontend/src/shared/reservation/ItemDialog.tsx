/** One reservation of a room. The way of fingers and keys. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Reservation, Room } from "@/shared/api/queries";
import { CopyLink } from "@/shared/ui/CopyLink";
import { SendForm } from "@/shared/ui/SendForm";
import { useMove, useTeller } from "./changes";
import { HeldDialog } from "./HeldDialog";
import { useGiveBack } from "./Leaving";
import { type Asking, mayChange, whyNotMove } from "./rules";
import { useRefusalText } from "./Taken";
import { useAsking } from "./useAsking";
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

function MoveForm({ reservation, rooms, asking: behind, onClose }: Omit<Props, "isReadOnly">) {
  const { t } = useTranslation();
  const move = useMove(useTeller());
  const [moved] = useState(reservation);
  const [when, setWhen] = useState<When>({ roomId: moved.roomId, start: moved.start, end: moved.end });
  const asking = useAsking(when, behind);
  const room = rooms.find(({ id }) => id === when.roomId);
  const refusal = room && !move.isPending ? whyNotMove(moved, room, when, asking) : null;
  const told = useRefusalText({ room, when, asking, refusal, error: move.error, movedId: moved.id });
  const change = (next: When): void => {
    move.reset();
    setWhen(next);
  };
  return (
    <SendForm
      action={t("move.do")}
      refusal={told}
      mayBeSent={refusal === null}
      isBusy={move.isPending}
      onSend={() => room && move.mutate({ reservation: moved, room, start: when.start, end: when.end }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <WhenFields
        rooms={rooms}
        value={when}
        onChange={change}
        whyNot={asking.isKnown ? (each) => whyNotMove(moved, each, when, asking) : undefined}
        hasFixedLength={moved.isBooking}
      />
    </SendForm>
  );
}
