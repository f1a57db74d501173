/** Making a room. */
import { Alert, Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, wishKey } from "@/shared/api/client";
import { fieldErrors, formText } from "@/shared/api/errors";
import type { Room } from "@/shared/api/queries";
import { refresh } from "@/shared/reservation/changes";

const FIELDS = ["name", "description", "capacity"];

export function RoomDialog({ onClose, onMade }: { onClose: () => void; onMade: (room: Room) => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [capacity, setCapacity] = useState("");
  const create = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), description: description.trim() || null, capacity: Number(capacity) || null };
      const params = { header: { "Idempotency-Key": wishKey() } };
      return data(api.POST("/rooms/create", { params, body }));
    },
    onSuccess: async ({ room }) => {
      await refresh(client);
      onMade({ ...room, isManaged: true, isRetired: false, hours: null });
    },
  });
  const faults = fieldErrors(create.error);
  const refusal = formText(create.error, FIELDS);
  return (
    <Modal opened onClose={onClose} title={t("admin.newRoom")} closeButtonProps={{ "aria-label": t("close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
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
          {refusal !== null && (
            <Alert color="red" variant="outline" role="alert">
              {refusal}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("close")}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t("admin.create")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
