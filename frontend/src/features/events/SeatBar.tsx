/** How many seats are left, as words and as a bar that follows what others book. */
import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ClubEvent } from "./queries";
import classes from "./SeatBar.module.css";
import { fullness, isScarce } from "./seats";

export function SeatBar({ event, isLarge = false }: { event: ClubEvent; isLarge?: boolean }) {
  const { t } = useTranslation();
  const { totalSeats: total, availableSeats: left } = event;
  const look = left === 0 ? "full" : isScarce(event) ? "scarce" : "free";
  const words = left === 0 ? t("seats.none", { total }) : t("seats.left", { count: left, total });
  return (
    <Stack gap={6}>
      <div className={isLarge ? `${classes.track ?? ""} ${classes.large ?? ""}` : classes.track}>
        <div className={classes.fill} data-look={look} style={{ transform: `scaleX(${fullness(event)})` }} />
      </div>
      <Text size={isLarge ? "md" : "sm"} fw={look === "scarce" ? 600 : 400} data-testid="seats">
        {words}
      </Text>
    </Stack>
  );
}
