/** Reserving a room: half an hour of a managed room is booked, with a conference link if wanted; the rest is reserved. */
import { Alert, Checkbox, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isDecided } from "@/shared/api/client";
import type { Room } from "@/shared/api/queries";
import { Dialog } from "@/shared/ui/Dialog";
import { SendForm } from "@/shared/ui/SendForm";
import { newWish, useReserve, useTeller, type Wish } from "./changes";
import { type Asking, fromNow, isBookable, whyNotReserve } from "./rules";
import { NextFree, useRefusalText } from "./Taken";
import { useAsking } from "./useAsking";
import { type When, WhenFields } from "./WhenFields";

interface Props {
  rooms: Room[];
  asking: Asking;
  /** Where the dialog begins. */
  first: When;
  onClose: () => void;
}

export function ReserveDialog(props: Props) {
  const { t } = useTranslation();
  const { rooms, asking, first, onClose } = props;
  const isAdmin = asking.user.role === "admin";
  // Admins are refused in managed rooms: they are told so, and offered what they may have.
  if (isAdmin && rooms.some(({ id, isManaged }) => id === first.roomId && isManaged)) {
    return (
      <Dialog title={t("reserve.title")} onClose={onClose}>
        <Alert color="yellow" variant="outline" role="alert">{t("refusal.adminsDoNotBook")}</Alert>
      </Dialog>
    );
  }
  return <ReserveForm {...props} rooms={isAdmin ? rooms.filter(({ isManaged }) => !isManaged) : rooms} />;
}

function ReserveForm({ rooms, asking: behind, first, onClose }: Props) {
  const { t } = useTranslation();
  const reserve = useReserve(useTeller());
  const [given, setGiven] = useState(first);
  const [wantsLink, setWantsLink] = useState(false);
  const [name, setName] = useState("");
  const [sent, setSent] = useState<Wish | null>(null);
  const asking = useAsking(given, behind);
  const isNaming = given.roomId === "";
  const room = isNaming ? named(name) : rooms.find(({ id }) => id === given.roomId);
  const when = fromNow(room, given, asking.now);
  const refusal = room && !reserve.isPending ? whyNotReserve(room, when, asking) : null;
  const isBooking = isBookable(room, when);
  const told = useRefusalText({ room, when, asking, refusal, error: reserve.error });

  const change = (next: When): void => {
    reserve.reset();
    setGiven(next);
  };
  const send = (): void => {
    if (room === undefined || room.id === "") return;
    const wish = newWish({ room, start: when.start, end: when.end, isBooking, wantsLink: isBooking && wantsLink });
    const again = sent !== null && isSame(sent, wish) && !isDecided(reserve.error) ? sent : wish;
    setSent(again);
    reserve.mutate(again, { onSuccess: onClose });
  };

  return (
    <Dialog title={t(isBooking ? "reserve.book" : "reserve.title")} onClose={onClose}>
      <SendForm
        action={t(isBooking ? "reserve.bookIt" : "reserve.reserveIt")}
        refusal={told}
        mayBeSent={refusal === null}
        isBusy={reserve.isPending}
        isReady
        onSend={send}
        onClose={onClose}
      >
        {asking.user.role === "admin" && <Alert color="gray" variant="outline">{t("reserve.adminsOnlyNamed")}</Alert>}
        <WhenFields
          rooms={rooms}
          value={when}
          onChange={change}
          whyNot={asking.isKnown ? (each) => whyNotReserve(each, fromNow(each, given, asking.now), asking) : undefined}
          mayName
        />
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
        {refusal === "taken" && room !== undefined && <NextFree room={room} when={when} asking={asking} onChange={change} />}
      </SendForm>
    </Dialog>
  );
}

function isSame(one: Wish, other: Wish): boolean {
  const told = ({ room, start, end, isBooking, wantsLink }: Wish): string => JSON.stringify([room.id, start, end, isBooking, wantsLink]);
  return told(one) === told(other);
}

/** A room that need not exist: whoever reserves it names it. */
function named(name: string): Room {
  return { id: name.trim(), name, description: null, capacity: null, isManaged: false, isRetired: false, hours: null };
}
