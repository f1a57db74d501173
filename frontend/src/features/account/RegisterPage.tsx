/** Making an account, and being signed in with it. */
import { Alert, Anchor, Button, PasswordInput, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, data, Wishes } from "@/shared/api/client";
import { fieldErrors, formText } from "@/shared/api/errors";
import { queries } from "@/shared/api/queries";
import { signIn } from "@/shared/session";
import { PageTitle } from "@/shared/ui/states";
import { signInPath, useNext } from "@/shared/ways";
import { Narrow } from "./Narrow";

const FIELDS = ["email", "password"];

export function RegisterPage() {
  const { t } = useTranslation();
  const info = useQuery(queries.info());
  const next = useNext();
  const [wishes] = useState(() => new Wishes());
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<"user" | "admin">("user");
  const register = useMutation({
    mutationFn: () => {
      const credentials = { email: email.trim(), password };
      // With a key: if the connection breaks before one is signed in, the same again registers nobody twice.
      return wishes.send({ ...credentials, role }, async (key) => {
        const params = { header: { "Idempotency-Key": key } };
        await data(api.POST("/register", { params, body: { ...credentials, role } }));
        return data(api.POST("/login", { body: credentials }));
      });
    },
    onSuccess: ({ token }) => signIn(token),
  });
  const faults = fieldErrors(register.error);
  const refusal = formText(register.error, FIELDS);
  return (
    <Narrow>
      <PageTitle>{t("account.register")}</PageTitle>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          register.mutate();
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
            error={faults["email"]}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={t("account.password")}
            description={t("account.passwordRule")}
            autoComplete="new-password"
            required
            value={password}
            error={faults["password"]}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("account.showPassword") }}
          />
          {info.data?.demo === true && (
            <SegmentedControl
              aria-label={t("users.role")}
              value={role}
              onChange={(next) => setRole(next === "admin" ? "admin" : "user")}
              data={[
                { value: "user", label: t("users.user") },
                { value: "admin", label: t("users.admin") },
              ]}
            />
          )}
          {refusal !== null && (
            <Alert color="red" variant="outline" role="alert">
              {refusal}
            </Alert>
          )}
          <Button type="submit" loading={register.isPending}>
            {t("account.register")}
          </Button>
          <Text size="sm" ta="center">
            {t("account.hasAccount")} <Anchor component={Link} to={signInPath(next)} underline="always">{t("account.signIn")}</Anchor>
          </Text>
        </Stack>
      </form>
    </Narrow>
  );
}
