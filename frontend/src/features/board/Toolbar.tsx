/** Above the board: which day, which rooms. All of it lives in the address, so it can be sent and reloaded. */
import { ActionIcon, Box, Button, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Day, today } from "@/shared/time";
import { DayPicker } from "@/shared/ui/DayPicker";
import { IconCalendarCheck, IconLock, IconPlus, IconPrinter, IconSearch, IconUsers } from "@/shared/ui/icons";
import type { Narrowing } from "./shown";
import classes from "./Toolbar.module.css";

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
    <div className={classes.toolbar}>
      <DayPicker day={day} onDay={onDay}>
        <Button variant="default" px="sm" onClick={() => onDay(today())} disabled={day === today()}>
          {t("board.today")}
        </Button>
      </DayPicker>
      <TextInput
        aria-label={t("board.search")}
        placeholder={t("board.search")}
        leftSection={<IconSearch />}
        value={narrowing.search}
        onChange={(event) => onNarrow({ ...narrowing, search: event.currentTarget.value })}
        className={classes.search}
      />
      <TextInput
        aria-label={t("board.seats")}
        placeholder={t("board.seats")}
        leftSection={<IconUsers />}
        type="number"
        min={0}
        value={narrowing.seats || ""}
        onChange={(event) => onNarrow({ ...narrowing, seats: Math.floor(Number(event.currentTarget.value)) || 0 })}
        w={100}
      />
      <Legend />
      <ActionIcon variant="default" size={36} aria-label={t("board.print")} title={t("board.print")} onClick={() => print()} visibleFrom="sm">
        <IconPrinter />
      </ActionIcon>
      {onNew && (
        <>
          <Button leftSection={<IconPlus />} onClick={onNew} visibleFrom="sm">
            {t("reserve.new")}
          </Button>
          <ActionIcon size={36} aria-label={t("reserve.new")} onClick={onNew} hiddenFrom="sm">
            <IconPlus size={20} />
          </ActionIcon>
        </>
      )}
    </div>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <Box component="ul" className={classes.legend} visibleFrom="lg" aria-label={t("board.legend")}>
      <li data-kind="mine">
        <IconCalendarCheck /> {t("item.mine")}
      </li>
      <li data-kind="taken">
        <IconLock /> {t("item.taken")}
      </li>
      <li data-kind="closed">{t("board.closed")}</li>
    </Box>
  );
}
