/** A query's data; to visitors of a server that shows nothing to them, the way to sign in. */
import { ApiError } from "@/shared/api/client";
import { useTranslation } from "react-i18next";
import { Answer, Empty } from "@/shared/ui/states";
import { useVisitor } from "@/shared/user";
import { SignInFirst } from "./SeatActions";

interface Asked<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
}

export function Seen<T>({ of, children }: { of: Asked<T>; children: (data: T) => React.ReactNode }) {
  const { t } = useTranslation();
  const user = useVisitor();
  if (user === null && of.error instanceof ApiError && of.error.status === 401) {
    return (
      <Empty title={t("events.signIn")}>
        <SignInFirst>{t("account.signIn")}</SignInFirst>
      </Empty>
    );
  }
  return <Answer of={of}>{children}</Answer>;
}
