/** Everybody's bookings, newest first. */
import { Badge, Pagination, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { PAGE_SIZE, queries } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { CopyLink } from "@/shared/ui/CopyLink";
import { Answer, Empty, PageTitle } from "@/shared/ui/states";
import { At, Times } from "@/shared/ui/Times";

export function AllBookingsPage() {
  const { t } = useTranslation();
  const { pollEvery } = useLive();
  const { page, goTo } = usePage();
  const bookings = useQuery({ ...queries.bookings(page), refetchInterval: pollEvery });
  return (
    <>
      <PageTitle>{t("admin.bookings")}</PageTitle>
      <Answer of={bookings}>
        {({ bookings: found, pagination }) =>
          pagination.total === 0 ? (
            <Empty title={t("admin.noBookings")} />
          ) : (
            <Stack>
              <Text size="sm" c="dimmed">
                {t("mine.count", { count: pagination.total })}
              </Text>
              <Table.ScrollContainer minWidth={720} type="native" tabIndex={0}>
                <Table striped miw={1080} aria-label={t("admin.bookings")}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t("when.room")}</Table.Th>
                      <Table.Th>{t("admin.when")}</Table.Th>
                      <Table.Th>{t("admin.who")}</Table.Th>
                      <Table.Th>{t("admin.status")}</Table.Th>
                      <Table.Th>{t("admin.made")}</Table.Th>
                      <Table.Th>{t("link.title")}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {found.map((each) => (
                      <Table.Tr key={each.id}>
                        <Table.Td>{each.roomName}</Table.Td>
                        <Table.Td>
                          <Times stretch={each} withDay />
                        </Table.Td>
                        <Table.Td>{each.userEmail ?? each.userId}</Table.Td>
                        <Table.Td>
                          <Badge variant="default" tt="none" miw="max-content">
                            {t(`status.${each.status}`)}
                          </Badge>
                        </Table.Td>
                        <Table.Td>
                          <At moment={each.createdAt} />
                        </Table.Td>
                        <Table.Td>{each.conferenceLink !== null && <CopyLink link={each.conferenceLink} />}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
              <Pages total={pagination.total} page={page} onPage={goTo} />
            </Stack>
          )
        }
      </Answer>
    </>
  );
}

export function Pages({ total, page, onPage }: { total: number; page: number; onPage: (page: number) => void }) {
  const { t } = useTranslation();
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  if (pages === 1) return null;
  return (
    <Pagination
      total={pages}
      value={page}
      onChange={onPage}
      aria-label={t("admin.pages")}
      getControlProps={(control) => ({ "aria-label": t(`page.${control}`) })}
      getItemProps={(number) => ({ "aria-label": t("page.number", { number }) })}
      withEdges
    />
  );
}

export function usePage(): { page: number; goTo: (page: number) => void } {
  const [params, setParams] = useSearchParams();
  const page = Math.max(1, Math.floor(Number(params.get("page"))) || 1);
  return { page, goTo: (next) => setParams(next === 1 ? {} : { page: String(next) }) };
}
