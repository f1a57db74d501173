/** What somebody's statistics look like as charts. Pure. */
import dayjs from "dayjs";
import type { Moment } from "@/shared/time";

export const MONTHS = 12;

export interface Month {
  /** `YYYY-MM`, where the viewer is. */
  month: string;
  count: number;
}

/** How many of these moments lie in each of the last months, the oldest first. */
export function byMonth(moments: readonly Moment[], now: Moment): Month[] {
  const months = Array.from({ length: MONTHS }, (_, ago) => dayjs(now).subtract(MONTHS - 1 - ago, "month").format("YYYY-MM"));
  const counts = new Map(months.map((month) => [month, 0]));
  for (const moment of moments) {
    const month = dayjs(moment).format("YYYY-MM");
    const count = counts.get(month);
    if (count !== undefined) counts.set(month, count + 1);
  }
  return months.map((month) => ({ month, count: counts.get(month) ?? 0 }));
}

/** The share of seats that were kept, in percent; `null` for who has booked none. */
export function keptPercent(booked: number, cancelled: number): number | null {
  return booked === 0 ? null : Math.round((Math.max(0, booked - cancelled) / booked) * 100);
}
