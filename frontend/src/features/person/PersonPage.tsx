/** What somebody has booked, given back and holds: their seats at events. */
import { Anchor, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useParams } from "react-router";
import { useLive } from "@/shared/live/live";
import { type Statistics, statisticsOf } from "@/shared/seats";
import { Answer, Empty, PageTitle } from "@/shared/ui/states";
import { At } from "@/shared/ui/Times";
import { useUser } from "@/shared/user";
import { Columns, Ring } from "./charts";
import classes from "./charts.module.css";
import { byMonth, keptPercent } from "./counts";

export function PersonPage() {
  const { t } = useTranslation();
  const { userId = "" } = useParams();
  const user = useUser();
  const { pollEvery } = useLive();
  const statistics = useQuery({ ...statisticsOf(userId), refetchInterval: pollEvery });
  const came = useLocation().state as { name?: string } | null;
  return (
    <>
      <PageTitle>{userId === user.id ? t("nav.statistics") : t("person.of", { name: came?.name ?? userId })}</PageTitle>
      <Answer of={statistics}>
        {(known) => (known.booked === 0 && known.held === 0 ? <Empty title={t("person.nothing")} /> : <Whole known={known} />)}
      </Answer>
    </>
  );
}

function Whole({ known }: { known: Statistics }) {
  const { t } = useTranslation();
  const { booked, cancelled, held, first_booking_at: first, last_booking_at: last } = known;
  const percent = keptPercent(booked, cancelled) ?? 0;
  const months = byMonth(known.events.map((each) => each.created_at), new Date().toISOString());
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Paper withBorder p="md" component="section" aria-label={t("person.kept")}>
          <Title order={2} size="h4" mb="sm">{t("person.kept")}</Title>
          <Group wrap="nowrap" gap="xl">
            <Ring percent={percent} label={t("person.keptOf", { percent, booked, cancelled })} />
            <dl className={classes.figures} style={{ flex: 1 }}>
              <Figure name={t("person.booked")} value={booked} />
              <Figure name={t("person.cancelled")} value={cancelled} />
              <Figure name={t("person.held")} value={held} />
            </dl>
          </Group>
        </Paper>
        <Paper withBorder p="md" component="section" aria-label={t("person.months")}>
          <Title order={2} size="h4" mb="sm">{t("person.months")}</Title>
          <Columns months={months} label={t("person.monthsTell", { count: months.reduce((sum, { count }) => sum + count, 0) })} />
        </Paper>
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {first !== null && <>{t("person.first")} <At moment={first} />{". "}</>}
        {last !== null && <>{t("person.last")} <At moment={last} />{"."}</>}
      </Text>
      <Held seats={known.events} />
    </Stack>
  );
}

function Figure({ name, value }: { name: string; value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Held({ seats }: { seats: Statistics["events"] }) {
  const { t } = useTranslation();
  if (seats.length === 0) return null;
  return (
    <section aria-label={t("person.seats")}>
      <Title order={2} size="h4" mb="sm">{t("person.seats")}</Title>
      <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
        {seats.map((each) => (
          <Paper component="li" withBorder p="sm" key={each.booking_id}>
            <Group justify="space-between" gap="xs">
              <Anchor component={Link} to={`/events/${each.event_id}`} fw={600} style={{ overflowWrap: "anywhere" }}>
                {each.event_name}
              </Anchor>
              <Text size="sm" c="dimmed">
                <At moment={each.created_at} />
              </Text>
            </Group>
          </Paper>
        ))}
      </Stack>
    </section>
  );
}
