/** A day, and the ones around it. */
import { ActionIcon } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { addDays, type Day } from "@/shared/time";
import classes from "./DayPicker.module.css";
import { IconLeft, IconRight } from "./icons";

export function DayPicker({ day, onDay, children }: { day: Day; onDay: (day: Day) => void; children?: React.ReactNode }) {
  const { t, i18n } = useTranslation();
  const shown = dayjs(day).locale(i18n.language).format(t("format.day"));
  return (
    <div className={classes.day}>
      <ActionIcon variant="default" size={36} aria-label={t("board.before")} onClick={() => onDay(addDays(day, -1))}>
        <IconLeft />
      </ActionIcon>
      <DatePickerInput
        // What is heard must begin with what is seen.
        aria-label={`${shown}, ${t("when.day")}`}
        value={day}
        valueFormat={t("format.day")}
        className={classes.date ?? ""}
        onChange={(picked) => picked !== null && onDay(picked)}
      />
      <ActionIcon variant="default" size={36} aria-label={t("board.after")} onClick={() => onDay(addDays(day, 1))}>
        <IconRight />
      </ActionIcon>
      {children}
    </div>
  );
}
