/** A room's weekly hours in words, where the viewer is, as clocks go on a day; in UTC when the pointer rests on them. */
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { clock, type Day, type Hours, today } from "@/shared/time";

export function HoursText({ hours, day = today() }: { hours: Hours | null; day?: Day }) {
  const { t, i18n } = useTranslation();
  if (hours === null) return t("room.noHours");
  const names = weekdays(i18n.language);
  const days = runs(hours.daysOfWeek).map(([first, last]) =>
    first === last ? names[first - 1] : `${names[first - 1] ?? ""}–${names[last - 1] ?? ""}`,
  );
  const local = [hours.startTime, hours.endTime].map((time) => clock(`${day}T${time}:00Z`)).join("–");
  const utc = `${hours.startTime}–${hours.endTime} UTC`;
  return <span title={utc}>{`${days.join(", ")} · ${local}`}</span>;
}

/** Short names from Monday on. */
export function weekdays(language: string): string[] {
  return [1, 2, 3, 4, 5, 6, 7].map((day) => dayjs("2024-01-01").add(day - 1, "day").locale(language).format("dd"));
}

/** Days that follow each other, as first and last. */
export function runs(days: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const day of [...days].sort((one, other) => one - other)) {
    const last = found.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else found.push([day, day]);
  }
  return found;
}
