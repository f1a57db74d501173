/** Guests without a reservation: two clicks, and they sit. */
import { Button, Menu, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { tableName, WALK_IN } from "@/shared/tables";
import { clock, type Moment } from "@/shared/time";
import { IconUsers } from "@/shared/ui/icons";
import classes from "./Floor.module.css";
import { type Evening, seatNow } from "./offers";
import { newParty, useSeat } from "./queries";

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12];

export function WalkIn({ evening, isReadOnly }: { evening: Evening; isReadOnly: boolean }) {
  const { t } = useTranslation();
  const seat = useSeat();
  const [now, setNow] = useState<Moment>(thisMinute);
  const largest = Math.max(0, ...evening.tables.map(({ seats }) => seats));
  const sizes = SIZES.filter((size) => size <= largest);
  return (
    <Menu position="bottom-end" width={300} withinPortal onOpen={() => setNow(thisMinute())}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconUsers />} disabled={isReadOnly || sizes.length === 0}>
          {t("walkIn.open")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.walkIn ?? ""}>
        <Menu.Label>{t("walkIn.howMany")}</Menu.Label>
        {sizes.map((size) => {
          const found = seatNow(evening, size, now);
          const where = found === null ? t("walkIn.nothing") : t("walkIn.where", { table: tableName(found.table.name), time: clock(found.end) });
          return (
            <Menu.Item
              key={size}
              disabled={found === null}
              leftSection={<Text fw={700} w={28} ta="center">{size}</Text>}
              aria-label={`${t("party.guests", { count: size })}: ${where}`}
              onClick={() => found && seat.mutate(newParty({ ...found, name: WALK_IN, size }))}
            >
              {where}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

function thisMinute(): Moment {
  return `${new Date().toISOString().slice(0, 16)}:00Z`;
}
