/** Making an event, and changing its name and its seats: never fewer than are booked. */
import { Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/shared/api/client";
import { fieldErrors, formText } from "@/shared/api/errors";
import { Dialog } from "@/shared/ui/Dialog";
import { SendForm } from "@/shared/ui/SendForm";
import { type ClubEvent, useKeepEvent } from "./queries";

const SEATS_MAX = 10_000_000;
const FIELDS = ["name", "total_seats"];

interface Props {
  event?: ClubEvent;
  onKept?: (id: number) => void;
  onClose: () => void;
}

export function EventDialog({ event, onKept, onClose }: Props) {
  const { t } = useTranslation();
  const [name, setName] = useState(event?.name ?? "");
  const [seats, setSeats] = useState(event === undefined ? "" : String(event.totalSeats));
  const keep = useKeepEvent(event, (id) => {
    onClose();
    onKept?.(id);
  });
  const faults = fieldErrors(keep.error);
  const booked = event?.bookedSeats ?? 0;
  return (
    <Dialog title={t(event ? "event.change" : "event.new")} onClose={onClose}>
      <SendForm
        action={t(event ? "event.save" : "admin.create")}
        refusal={refusalOf(keep.error, (count) => t("event.cannotShrink", { count }))}
        isBusy={keep.isPending}
        onSend={() => keep.mutate({ name: name.trim(), total_seats: Number(seats) })}
        onClose={onClose}
      >
        <Stack>
          <TextInput
            label={t("admin.name")}
            required
            maxLength={255}
            data-autofocus
            value={name}
            error={faults["name"]}
            onChange={(change) => setName(change.currentTarget.value)}
          />
          <TextInput
            label={t("board.seats")}
            description={booked > 0 ? t("event.booked", { count: booked }) : undefined}
            required
            type="number"
            min={0}
            max={SEATS_MAX}
            value={seats}
            error={faults["total_seats"]}
            onChange={(change) => setSeats(change.currentTarget.value)}
          />
        </Stack>
      </SendForm>
    </Dialog>
  );
}

/** Of seats that cannot shrink, how many are booked: others may have booked since the page was loaded. */
function refusalOf(error: unknown, tooFew: (booked: number) => string): string | null {
  const isTooFew = error instanceof ApiError && error.code === "SEATS_ALREADY_BOOKED";
  return isTooFew ? tooFew(Number(error.details["booked_seats"])) : formText(error, FIELDS);
}
