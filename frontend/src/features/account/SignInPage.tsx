/** Signing in; as one of the demo's users too, where the server has them. */
import { Alert, Anchor, Button, Divider, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, data } from "@/shared/api/client";
import { errorText } from "@/shared/api/errors";
import { queries } from "@/shared/api/queries";
import { hasExpired, signIn } from "@/shared/session";
import { PageTitle } from "@/shared/ui/states";
import { pathWith, useNext } from "@/shared/ways";
import { Narrow } from "./Narrow";

export function SignInPage() {
  const { t } = useTranslation();
  const next = useNext();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const login = useMutation({
    mutationFn: () => data(api.POST("/login", { body: { email: email.trim(), password } })),
    onSuccess: ({ token }) => signIn(token),
  });
  return (
    <Narrow>
      <PageTitle>{t("account.signIn")}</PageTitle>
      {hasExpired() && (
        <Alert color="yellow" variant="outline" mb="md" role="status">
          {t("account.expired")}
        </Alert>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate();
        }}
      >
        <Stack>
          <TextInput
            label={t("account.email")}
            inputMode="email"
            autoCapitalize="none"
            spellCheck={false}
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={t("account.password")}
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("account.showPassword") }}
          />
          {login.error && (
            <Alert color="red" variant="outline" role="alert">
              {isRefused(login.error) ? t("account.wrong") : errorText(login.error)}
            </Alert>
          )}
          <Button type="submit" loading={login.isPending}>
            {t("account.signIn")}
          </Button>
          <Text size="sm" ta="center">
            {t("account.noAccount")} <Anchor component={Link} to={pathWith("/register", next)} underline="always">{t("account.register")}</Anchor>
          </Text>
        </Stack>
      </form>
      <Demo />
    </Narrow>
  );
}

function Demo() {
  const { t } = useTranslation();
  const info = useQuery(queries.info());
  const demo = useMutation({
    mutationFn: (role: "admin" | "user") => data(api.POST("/dummyLogin", { body: { role } })),
    onSuccess: ({ token }) => signIn(token),
  });
  if (info.data?.demo !== true) return null;
  return (
    <Stack mt="lg">
      <Divider label={t("account.demo")} />
      <Group grow>
        <Button variant="default" px="xs" onClick={() => demo.mutate("user")}>
          {t("users.user")}
        </Button>
        <Button variant="default" px="xs" onClick={() => demo.mutate("admin")}>
          {t("users.admin")}
        </Button>
      </Group>
      {demo.error && (
        <Alert color="red" variant="outline" role="alert">
          {errorText(demo.error)}
        </Alert>
      )}
    </Stack>
  );
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && "status" in error && (error.status === 401 || error.status === 400);
}
