/** What one may do with an event: book a seat, give it back, or read why not. */
import { Badge, Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { wishKey } from "@/shared/api/client";
import { useLive } from "@/shared/live/live";
import { useLeaving } from "@/shared/reservation/Leaving";
import { IconCalendarCheck, IconLock } from "@/shared/ui/icons";
import { useVisitor } from "@/shared/user";
import { signInPath, useHere } from "@/shared/ways";
import { goingSeat, useGiveSeatBack } from "@/shared/seats";
import { type ClubEvent, useTakeSeat } from "./queries";
import { standing } from "./seats";

export function SeatActions({ event }: { event: ClubEvent }) {
  const { t } = useTranslation();
  const user = useVisitor();
  const { isStale } = useLive();
  const { ids, undo } = useLeaving();
  const take = useTakeSeat();
  const giveBack = useGiveSeatBack();
  const { bookingId } = event;
  const going = bookingId === null ? "" : goingSeat(bookingId);
  switch (standing(event, user === null, ids.has(going))) {
    case "visitor":
      return <SignInFirst>{t("seat.signIn")}</SignInFirst>;
    case "full":
      return <Badge size="lg" variant="default" tt="none" leftSection={<IconLock />}>{t("seat.full")}</Badge>;
    case "leaving":
      return (
        <Group gap="xs">
          <Badge size="lg" color="red" variant="outline" tt="none">{t("item.leaving")}</Badge>
          <Button size="sm" onClick={() => undo(going)}>{t("cancel.undo")}</Button>
        </Group>
      );
    case "mine":
      return (
        <Group gap="xs">
          <Badge size="lg" color="#236b33" variant="filled" tt="none" leftSection={<IconCalendarCheck />}>{t("seat.mine")}</Badge>
          <Button size="sm" variant="default" disabled={isStale} onClick={() => bookingId !== null && giveBack(event, bookingId)}>
            {t("seat.giveBack")}
          </Button>
        </Group>
      );
    case "free":
      return (
        <Button
          size="sm"
          disabled={isStale}
          loading={take.isPending}
          onClick={() => user !== null && take.mutate({ event, user, key: wishKey() })}
        >
          {t("seat.take")}
        </Button>
      );
  }
}

/** Leads to signing in, and back to this page. */
export function SignInFirst({ children }: { children: string }) {
  const here = useHere();
  return (
    <Button size="sm" variant="light" component={Link} to={signInPath(here)}>
      {children}
    </Button>
  );
}
