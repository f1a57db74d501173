/** Above the board: which day, which rooms. All of it lives in the address, so it can be sent and reloaded. */
import { ActionIcon, Button, Group, TextInput } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import { useTranslation } from "react-i18next";
import { addDays, type Day, today } from "@/shared/time";
import { IconLeft, IconPlus, IconPrinter, IconRight, IconSearch, IconUsers } from "@/shared/ui/icons";
import type { Narrowing } from "./shown";

interface Props {
  day: Day;
  narrowing: Narrowing;
  onDay: (day: Day) => void;
  onNarrow: (narrowing: Narrowing) => void;
  onNew: (() => void) | undefined;
}

export function Toolbar({ day, narrowing, onDay, onNarrow, onNew }: Props) {
  const { t } = useTranslation();
  return (
    <Group gap="sm" mb="sm" wrap="wrap">
      <Group gap={4} wrap="nowrap">
        <ActionIcon variant="default" size={36} aria-label={t("board.before")} onClick={() => onDay(addDays(day, -1))}>
          <IconLeft />
        </ActionIcon>
        <DatePickerInput
          aria-label={t("when.day")}
          value={day}
          valueFormat="dd, D MMMM YYYY"
          w={200}
          onChange={(picked) => picked !== null && onDay(picked)}
        />
        <ActionIcon variant="default" size={36} aria-label={t("board.after")} onClick={() => onDay(addDays(day, 1))}>
          <IconRight />
        </ActionIcon>
      </Group>
      <Button variant="default" onClick={() => onDay(today())} disabled={day === today()}>
        {t("board.today")}
      </Button>
      <TextInput
        aria-label={t("board.search")}
        placeholder={t("board.search")}
        leftSection={<IconSearch />}
        value={narrowing.search}
        onChange={(event) => onNarrow({ ...narrowing, search: event.currentTarget.value })}
        w={170}
      />
      <TextInput
        aria-label={t("board.seats")}
        placeholder={t("board.seats")}
        leftSection={<IconUsers />}
        type="number"
        min={0}
        value={narrowing.seats || ""}
        onChange={(event) => onNarrow({ ...narrowing, seats: Math.floor(Number(event.currentTarget.value)) || 0 })}
        w={110}
      />
      <Group gap={8} ms="auto" wrap="nowrap">
        <ActionIcon variant="default" size={36} aria-label={t("board.print")} title={t("board.print")} onClick={() => print()} visibleFrom="sm">
          <IconPrinter />
        </ActionIcon>
        {onNew && (
          <Button leftSection={<IconPlus />} onClick={onNew}>
            {t("reserve.new")}
          </Button>
        )}
      </Group>
    </Group>
  );
}
