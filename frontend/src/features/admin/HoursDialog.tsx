/** Giving a room its weekly hours, once: with the slots that they make. */
import { Badge, Chip, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, Wishes } from "@/shared/api/client";
import { fieldErrors, formText } from "@/shared/api/errors";
import type { Room } from "@/shared/api/queries";
import { refresh } from "@/shared/reservation/changes";
import { clock, slotsOf, today } from "@/shared/time";
import { Dialog } from "@/shared/ui/Dialog";
import { SendForm } from "@/shared/ui/SendForm";
import { weekdays } from "@/shared/ui/HoursText";

const FIELDS = ["daysOfWeek", "startTime", "endTime"];
const TIMES = Array.from({ length: 48 }, (_, half) => `${two(Math.floor(half / 2))}:${two((half % 2) * 30)}`);

export function HoursDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const [days, setDays] = useState(["1", "2", "3", "4", "5"]);
  const [startTime, setStart] = useState("09:00");
  const [endTime, setEnd] = useState("18:00");
  const [wishes] = useState(() => new Wishes());
  const save = useMutation({
    mutationFn: () => {
      const body = { daysOfWeek: days.map(Number), startTime, endTime };
      return wishes.send(body, (key) => {
        const params = { path: { room_id: room.id }, header: { "Idempotency-Key": key } };
        return data(api.POST("/rooms/{room_id}/schedule/create", { params, body }));
      });
    },
    onSuccess: async () => {
      await refresh(client);
      onClose();
    },
  });
  const slots = slotsOf({ startTime, endTime });
  const faults = fieldErrors(save.error);
  return (
    <Dialog size="lg" title={t("admin.hoursOf", { room: room.name })} onClose={onClose}>
      <SendForm
        action={t("admin.saveHours")}
        refusal={formText(save.error, FIELDS)}
        mayBeSent={slots.length > 0 && days.length > 0}
        isBusy={save.isPending}
        leave={t("admin.later")}
        onSend={() => save.mutate()}
        onClose={onClose}
      >
        <Text size="sm">{t("admin.hoursHint")}</Text>
        <Stack gap={4} role="group" aria-label={t("admin.days")}>
          <Text size="sm" fw={500}>
            {t("admin.days")}
          </Text>
          <Chip.Group multiple value={days} onChange={setDays}>
            <Group gap={6}>
              {weekdays(i18n.language).map((name, index) => (
                <Chip key={name} value={String(index + 1)} variant="outline">
                  {name}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          {faults["daysOfWeek"] && <Text size="sm" c="red">{faults["daysOfWeek"]}</Text>}
        </Stack>
        <Group grow align="flex-start">
          <NativeSelect
            label={t("admin.opens")}
            data={TIMES}
            value={startTime}
            error={faults["startTime"]}
            onChange={(event) => setStart(event.currentTarget.value)}
          />
          <NativeSelect
            label={t("admin.closes")}
            data={[...TIMES, "23:59"]}
            value={endTime}
            error={faults["endTime"]}
            onChange={(event) => setEnd(event.currentTarget.value)}
          />
        </Group>
        <Slots slots={days.length === 0 ? [] : slots} />
      </SendForm>
    </Dialog>
  );
}

/** What the hours make of one day, where the viewer is. */
function Slots({ slots }: { slots: string[] }) {
  const { t } = useTranslation();
  return (
    <Stack gap={6} aria-live="polite">
      <Text size="sm" fw={500}>
        {slots.length === 0 ? t("admin.noSlots") : t("admin.slots", { count: slots.length })}
      </Text>
      <Group gap={4} data-testid="slots">
        {slots.map((time) => (
          <Badge key={time} variant="default" tt="none" radius="sm" fw={500} title={`${time} UTC`}>
            {clock(`${today()}T${time}:00Z`)}
          </Badge>
        ))}
      </Group>
    </Stack>
  );
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
