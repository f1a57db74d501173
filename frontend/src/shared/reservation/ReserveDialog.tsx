/** Reserving a room: half an hour of a managed room is booked, with a conference link if wanted; the rest is reserved. */
import { Checkbox, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "@/shared/api/queries";
import { Dialog } from "@/shared/ui/Dialog";
import { SendForm } from "@/shared/ui/SendForm";
import { newWish, useReserve } from "./changes";
import { type Asking, isBookable, whyNotReserve } from "./rules";
import { type When, WhenFields } from "./WhenFields";

interface Props {
  rooms: Room[];
  asking: Asking;
  /** Where the dialog begins. */
  first: When;
  onClose: () => void;
}

export function ReserveDialog({ rooms, asking, first, onClose }: Props) {
  const { t } = useTranslation();
  const reserve = useReserve();
  const [when, setWhen] = useState(first);
  const [wantsLink, setWantsLink] = useState(false);
  const [name, setName] = useState("");
  const isNaming = when.roomId === "";
  const room = isNaming ? named(name) : rooms.find(({ id }) => id === when.roomId);
  const refusal = room ? whyNotReserve(room, when, asking) : null;
  const isBooking = isBookable(room, when);

  const send = (): void => {
    if (room === undefined || room.id === "") return;
    reserve.mutate(newWish({ room, start: when.start, end: when.end, isBooking, wantsLink: isBooking && wantsLink }));
    onClose();
  };

  return (
    <Dialog title={t(isBooking ? "reserve.book" : "reserve.title")} onClose={onClose}>
      <SendForm
        action={t(isBooking ? "reserve.bookIt" : "reserve.reserveIt")}
        refusal={refusal && t(`refusal.${refusal}`)}
        mayBeSent={refusal === null}
        isReady
        onSend={send}
        onClose={onClose}
      >
        <WhenFields rooms={rooms} value={when} onChange={setWhen} mayName />
        {isNaming && (
          <TextInput
            label={t("reserve.name")}
            description={t("reserve.nameHint")}
            value={name}
            maxLength={255}
            required
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
        {isBooking && (
          <Checkbox
            label={t("reserve.link")}
            checked={wantsLink}
            onChange={(event) => setWantsLink(event.currentTarget.checked)}
          />
        )}
      </SendForm>
    </Dialog>
  );
}

/** A room that need not exist: whoever reserves it names it. */
function named(name: string): Room {
  return { id: name.trim(), name, description: null, capacity: null, isManaged: false, isRetired: false, hours: null };
}
