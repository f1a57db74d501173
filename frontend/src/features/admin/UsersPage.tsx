/** Who has an account, and what they may do. */
import { Badge, Button, NativeSelect, Stack, Table, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/shared/api/client";
import { type Account, queries } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { refused } from "@/shared/ui/toasts";
import { Confirm } from "@/shared/ui/Confirm";
import { Answer, PageTitle } from "@/shared/ui/states";
import { At } from "@/shared/ui/Times";
import { useUser } from "@/shared/user";
import { Pages, usePage } from "./AllBookingsPage";

export function UsersPage() {
  const { t } = useTranslation();
  const { page, goTo } = usePage();
  const users = useQuery(queries.users(page));
  return (
    <>
      <PageTitle>{t("admin.users")}</PageTitle>
      <Answer of={users}>
        {({ users: found, pagination }) => (
          <Stack>
            <Text size="sm" c="dimmed">
              {t("users.count", { count: pagination.total })}
            </Text>
            <Table.ScrollContainer minWidth={640} type="native" tabIndex={0}>
              <Table miw={700} aria-label={t("admin.users")}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t("account.email")}</Table.Th>
                    <Table.Th>{t("users.role")}</Table.Th>
                    <Table.Th>{t("admin.status")}</Table.Th>
                    <Table.Th>{t("users.since")}</Table.Th>
                    <Table.Th>{t("users.actions")}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {found.map((each) => (
                    <UserRow key={each.id} account={each} />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
            <Pages total={pagination.total} page={page} onPage={goTo} />
          </Stack>
        )}
      </Answer>
    </>
  );
}

type Change = { disabled: boolean } | { role: Account["role"] };

function UserRow({ account }: { account: Account }) {
  const { t } = useTranslation();
  const me = useUser();
  const client = useQueryClient();
  const { isStale } = useLive();
  const [asked, setAsked] = useState<Change | null>(null);
  const change = useMutation({
    mutationFn: (body: Change) => data(api.PATCH("/users/{user_id}", { params: { path: { user_id: account.id } }, body })),
    onError: (error) => refused(error, t("refused.user")),
    onSettled: async () => {
      await client.invalidateQueries({ predicate: ({ queryKey }) => ["users", "me"].includes(String(queryKey[0])) });
      setAsked(null);
    },
  });
  return (
    <Table.Tr>
      <Table.Td>
        {account.email} {account.id === me.id && <Badge variant="default" tt="none" miw="max-content">{t("users.you")}</Badge>}
      </Table.Td>
      <Table.Td>
        <NativeSelect
          size="xs"
          miw={150}
          aria-label={t("users.roleOf", { email: account.email })}
          value={account.role}
          disabled={isStale}
          onChange={(event) => {
            // Focus comes back here, however the choice was made.
            event.currentTarget.focus();
            setAsked({ role: event.currentTarget.value === "admin" ? "admin" : "user" });
          }}
          data={[
            { value: "user", label: t("users.user") },
            { value: "admin", label: t("users.admin") },
          ]}
        />
      </Table.Td>
      <Table.Td>{account.disabled ? t("users.disabled") : t("users.active")}</Table.Td>
      <Table.Td>
        <At moment={account.createdAt} />
      </Table.Td>
      <Table.Td>
        <Button
          size="xs"
          variant="default"
          disabled={isStale}
          loading={change.isPending && asked === null}
          onClick={() => (account.disabled ? change.mutate({ disabled: false }) : setAsked({ disabled: true }))}
          aria-label={t(account.disabled ? "users.enableWho" : "users.disableWho", { email: account.email })}
        >
          {t(account.disabled ? "users.enable" : "users.disable")}
        </Button>
        {asked && (
          <Sure
            account={account}
            asked={asked}
            isBusy={change.isPending}
            onConfirm={() => change.mutate(asked)}
            onClose={() => setAsked(null)}
          />
        )}
      </Table.Td>
    </Table.Tr>
  );
}

interface SureProps {
  account: Account;
  asked: Change;
  isBusy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks what will follow, before somebody gains or loses rights. */
function Sure({ account: { id, email }, asked, ...others }: SureProps) {
  const { t } = useTranslation();
  const me = useUser();
  const what = "disabled" in asked ? "disable" : asked.role === "admin" ? "promote" : "demote";
  return (
    <Confirm
      title={t(`users.sure.${what}`, { email })}
      text={id === me.id ? t("users.sure.self") : t(`users.sure.${what}Text`)}
      action={t(`users.sure.${what}Do`)}
      {...others}
    />
  );
}
