/** Who comes next, with how long there is until then. */
import { Text, Title, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { tableName } from "@/shared/tables";
import { clock } from "@/shared/time";
import classes from "./Floor.module.css";
import type { Awaited } from "./offers";
import type { DinnerTable } from "./queries";
import { titleOf } from "./shown";

interface Props {
  awaited: Awaited[];
  tables: ReadonlyMap<number, DinnerTable>;
  leaving: ReadonlySet<string>;
  /** Whether it is today, so that minutes say something. */
  isToday: boolean;
  onOpen: (id: string) => void;
}

const SOON_MINUTES = 60;

export function NextList({ awaited, tables, leaving, isToday, onOpen }: Props) {
  const { t } = useTranslation();
  const until = (minutes: number): string | null => {
    if (!isToday || minutes > SOON_MINUTES) return null;
    if (minutes < 0) return t("next.late", { count: -minutes });
    return minutes === 0 ? t("next.now") : t("next.in", { count: minutes });
  };
  return (
    <section className={classes.next} aria-label={t("next.title")}>
      <Title order={2} size="h4" mb="xs">
        {t("next.title")}
      </Title>
      {awaited.length === 0 && <Text c="dimmed" size="sm">{t("next.nobody")}</Text>}
      <ol className={classes.list}>
        {awaited.map(({ dinner, minutes }) => (
          <li key={dinner.id}>
            <UnstyledButton className={classes.awaited ?? ""} onClick={() => onOpen(dinner.id)} data-late={(isToday && minutes < 0) || undefined}>
              <span className={classes.at}>
                <time dateTime={dinner.start}>{clock(dinner.start)}</time>
                <small>{until(minutes)}</small>
              </span>
              <span className={classes.who}>
                <b data-leaving={leaving.has(dinner.id) || undefined}>{titleOf(dinner, { taken: t("item.taken") })}</b>
                <small>{tableName(tables.get(dinner.tableId)?.name ?? "")}</small>
              </span>
            </UnstyledButton>
          </li>
        ))}
      </ol>
    </section>
  );
}
