/** A stretch of time where the viewer is; in UTC when the pointer rests on it. */
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { clockRange, type Moment, type Stretch, utcRange } from "@/shared/time";

export function Times({ stretch, withDay = false }: { stretch: Stretch; withDay?: boolean }) {
  const { t, i18n } = useTranslation();
  const day = dayjs(stretch.start).locale(i18n.language).format(t("format.shortDay"));
  return (
    <time dateTime={stretch.start} title={utcRange(stretch)} style={{ whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums" }}>
      {withDay ? `${day}, ${clockRange(stretch)}` : clockRange(stretch)}
    </time>
  );
}

export function At({ moment }: { moment: Moment }) {
  const { i18n } = useTranslation();
  return (
    <time dateTime={moment} title={dayjs.utc(moment).format("YYYY-MM-DD HH:mm [UTC]")} style={{ whiteSpace: "nowrap" }}>
      {dayjs(moment).locale(i18n.language).format("D MMM YYYY, HH:mm")}
    </time>
  );
}
