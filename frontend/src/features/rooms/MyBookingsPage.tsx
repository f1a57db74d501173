/** What one holds, from now on. */
import { Anchor, Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { queries, type Reservation } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { useGiveBack, useLeaving } from "@/shared/reservation/Leaving";
import { dayOf } from "@/shared/time";
import { CopyLink } from "@/shared/ui/CopyLink";
import { Answer, Empty, PageTitle } from "@/shared/ui/states";
import { Times } from "@/shared/ui/Times";

export function MyBookingsPage() {
  const { t } = useTranslation();
  const { pollEvery } = useLive();
  const mine = useQuery({ ...queries.mine(), refetchInterval: pollEvery });
  return (
    <>
      <PageTitle>{t("mine.title")}</PageTitle>
      <Answer of={mine}>
        {(held) =>
          held.length === 0 ? (
            <Empty title={t("mine.none")}>
              <Button component={Link} to="/">
                {t("mine.toBoard")}
              </Button>
            </Empty>
          ) : (
            <>
              <Text c="dimmed" size="sm" mb="sm">
                {t("mine.count", { count: held.length })}
              </Text>
              <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
                {held.map((each) => (
                  <Mine key={each.id} held={each} />
                ))}
              </Stack>
            </>
          )
        }
      </Answer>
    </>
  );
}

function Mine({ held }: { held: Reservation }) {
  const { t } = useTranslation();
  const { isStale } = useLive();
  const { ids, undo } = useLeaving();
  const giveBack = useGiveBack();
  const isLeaving = ids.has(held.id);
  return (
    <Paper component="li" withBorder p="md" aria-label={held.roomName}>
      <Group justify="space-between" gap="sm">
        <Stack gap={4}>
          <Group gap="xs">
            <Anchor component={Link} to={`${held.kind === "table" ? "/floor" : "/"}?day=${dayOf(held.start)}`} fw={600} style={{ overflowWrap: "anywhere" }}>
              {held.roomName}
            </Anchor>
            {isLeaving && (
              <Badge color="red" variant="outline" tt="none">
                {t("item.leaving")}
              </Badge>
            )}
          </Group>
          <Text size="sm" td={isLeaving ? "line-through" : undefined}>
            <Times stretch={held} withDay />
          </Text>
          {held.conferenceLink !== null && <CopyLink link={held.conferenceLink} />}
        </Stack>
        {isLeaving ? (
          <Button onClick={() => undo(held.id)}>{t("cancel.undo")}</Button>
        ) : (
          <Button variant="default" disabled={isStale} onClick={() => giveBack(held)}>
            {t("cancel.do")}
          </Button>
        )}
      </Group>
    </Paper>
  );
}
