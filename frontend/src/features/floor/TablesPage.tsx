/** The restaurant's tables, as those see them who keep them: make, take away. */
import { Button, Card, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, Wishes } from "@/shared/api/client";
import { fieldErrors, formText } from "@/shared/api/errors";
import { useLive } from "@/shared/live/live";
import { refused } from "@/shared/ui/toasts";
import { today } from "@/shared/time";
import { Confirm } from "@/shared/ui/Confirm";
import { Dialog } from "@/shared/ui/Dialog";
import { IconPlus } from "@/shared/ui/icons";
import { SendForm } from "@/shared/ui/SendForm";
import { Answer, Empty, PageTitle } from "@/shared/ui/states";
import { tableName } from "@/shared/tables";
import { type DinnerTable, queries, refreshFloor } from "./queries";

export function TablesPage() {
  const { t } = useTranslation();
  const { isStale, pollEvery } = useLive();
  const floor = useQuery({ ...queries.floor(today()), refetchInterval: pollEvery });
  const [isMaking, setMaking] = useState(false);
  const [going, setGoing] = useState<DinnerTable | null>(null);
  return (
    <>
      <PageTitle
        aside={
          <Button leftSection={<IconPlus />} disabled={isStale} onClick={() => setMaking(true)}>
            {t("tables.new")}
          </Button>
        }
      >
        {t("admin.tables")}
      </PageTitle>
      <Answer of={floor}>
        {({ tables }) => {
          if (tables.length === 0) return <Empty title={t("tables.makeFirst")} />;
          return (
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
              {tables.map((table) => (
                <Card key={table.id} withBorder padding="sm" role="group" aria-label={tableName(table.name)}>
                  <Group justify="space-between" gap="sm" wrap="nowrap">
                    <Stack gap={2} style={{ minWidth: 0 }}>
                      <Text fw={600} style={{ overflowWrap: "anywhere" }}>{tableName(table.name)}</Text>
                      <Text size="sm" c="dimmed">{`${t("room.seats", { count: table.seats })} · ${table.location}`}</Text>
                    </Stack>
                    <Button size="xs" variant="default" disabled={isStale} onClick={() => setGoing(table)}>
                      {t("tables.remove")}
                    </Button>
                  </Group>
                </Card>
              ))}
            </SimpleGrid>
          );
        }}
      </Answer>
      {isMaking && <TableDialog onClose={() => setMaking(false)} />}
      {going && <Remove table={going} onClose={() => setGoing(null)} />}
    </>
  );
}

const FIELDS = ["name", "seats", "location"] as const;

function TableDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [given, setGiven] = useState({ name: "", seats: "4", location: "" });
  const [wishes] = useState(() => new Wishes());
  const create = useMutation({
    mutationFn: () => {
      const body = { name: given.name.trim(), seats: Number(given.seats), location: given.location.trim() };
      return wishes.send(body, (key) => data(api.POST("/tables", { params: { header: { "Idempotency-Key": key } }, body })));
    },
    onSuccess: async () => {
      await refreshFloor(client);
      onClose();
    },
  });
  const faults = fieldErrors(create.error);
  const labels = { name: t("admin.name"), seats: t("board.seats"), location: t("tables.location") };
  return (
    <Dialog title={t("tables.new")} onClose={onClose}>
      <SendForm
        action={t("admin.create")}
        refusal={formText(create.error, FIELDS)}
        isBusy={create.isPending}
        onSend={() => create.mutate()}
        onClose={onClose}
      >
        {FIELDS.map((field) => (
          <TextInput
            key={field}
            label={labels[field]}
            required
            {...(field === "seats" ? { type: "number", min: 1, max: 1000 } : { maxLength: 255 })}
            {...(field === "name" && { "data-autofocus": true })}
            value={given[field]}
            error={faults[field]}
            onChange={(event) => setGiven({ ...given, [field]: event.currentTarget.value })}
          />
        ))}
      </SendForm>
    </Dialog>
  );
}

function Remove({ table, onClose }: { table: DinnerTable; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/tables/{table_id}", { params: { path: { table_id: String(table.id) } } })),
    onError: (error) => refused(error, t("tables.refused")),
    onSettled: () => refreshFloor(client),
    onSuccess: onClose,
  });
  return (
    <Confirm
      title={t("tables.removeTitle", { table: tableName(table.name) })}
      text={t("tables.removeText")}
      action={t("tables.remove")}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
