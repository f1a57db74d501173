/** Another password; all other devices are signed out by it. */
import { Alert, Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/shared/api/client";
import { fieldErrors, formText } from "@/shared/api/errors";
import { signIn } from "@/shared/session";
import { PageTitle } from "@/shared/ui/states";
import { told } from "@/shared/ui/toasts";
import { Narrow } from "./Narrow";

const FIELDS = ["oldPassword", "newPassword"];

export function PasswordPage() {
  const { t } = useTranslation();
  const [oldPassword, setOld] = useState("");
  const [newPassword, setNew] = useState("");
  const change = useMutation({
    mutationFn: () => data(api.POST("/password", { body: { oldPassword, newPassword } })),
    onSuccess: ({ token }) => {
      signIn(token);
      setOld("");
      setNew("");
      told(t("account.changed"));
    },
  });
  const faults = fieldErrors(change.error);
  const refusal = formText(change.error, FIELDS);
  return (
    <Narrow>
      <PageTitle>{t("account.changePassword")}</PageTitle>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Stack>
          <Text size="sm" c="dimmed">
            {t("account.changeHint")}
          </Text>
          <PasswordInput
            label={t("account.oldPassword")}
            autoComplete="current-password"
            required
            value={oldPassword}
            error={faults["oldPassword"]}
            onChange={(event) => setOld(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("account.showPassword") }}
          />
          <PasswordInput
            label={t("account.newPassword")}
            description={t("account.passwordRule")}
            autoComplete="new-password"
            required
            value={newPassword}
            error={faults["newPassword"]}
            onChange={(event) => setNew(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("account.showPassword") }}
          />
          {refusal !== null && (
            <Alert color="red" variant="outline" role="alert">
              {refusal}
            </Alert>
          )}
          <Button type="submit" loading={change.isPending}>
            {t("account.changePassword")}
          </Button>
        </Stack>
      </form>
    </Narrow>
  );
}
