/** Making a room. */
import { Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, Wishes } from "@/shared/api/client";
import { fieldErrors, formText } from "@/shared/api/errors";
import type { Room } from "@/shared/api/queries";
import { refresh } from "@/shared/reservation/changes";
import { Dialog } from "@/shared/ui/Dialog";
import { SendForm } from "@/shared/ui/SendForm";

const FIELDS = ["name", "description", "capacity"];

export function RoomDialog({ onClose, onMade }: { onClose: () => void; onMade: (room: Room) => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [capacity, setCapacity] = useState("");
  const [wishes] = useState(() => new Wishes());
  const create = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), description: description.trim() || null, capacity: Number(capacity) || null };
      return wishes.send(body, (key) => data(api.POST("/rooms/create", { params: { header: { "Idempotency-Key": key } }, body })));
    },
    onSuccess: async ({ room }) => {
      await refresh(client);
      onMade({ ...room, isManaged: true, isRetired: false, hours: null });
    },
  });
  const faults = fieldErrors(create.error);
  return (
    <Dialog title={t("admin.newRoom")} onClose={onClose}>
      <SendForm
        action={t("admin.create")}
        refusal={formText(create.error, FIELDS)}
        isBusy={create.isPending}
        onSend={() => create.mutate()}
        onClose={onClose}
      >
        <TextInput
          label={t("admin.name")}
          required
          maxLength={255}
          data-autofocus
          value={name}
          error={faults["name"]}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Textarea
          label={t("admin.description")}
          maxLength={2000}
          autosize
          minRows={2}
          value={description}
          error={faults["description"]}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TextInput
          label={t("board.seats")}
          type="number"
          min={1}
          max={1_000_000}
          value={capacity}
          error={faults["capacity"]}
          onChange={(event) => setCapacity(event.currentTarget.value)}
        />
      </SendForm>
    </Dialog>
  );
}
