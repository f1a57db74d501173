/** What stands in a page's place while it is loading, when it failed, and when there is nothing. */
import { Alert, Button, Center, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/shared/api/errors";
import { IconAlert } from "./icons";

export function Loading() {
  const { t } = useTranslation();
  return (
    <Center py="xl" role="status" aria-label={t("state.loading")}>
      <Loader type="dots" />
    </Center>
  );
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" variant="outline" icon={<IconAlert />} title={t("state.failed")} role="alert">
      <Stack align="flex-start" gap="sm">
        <Text size="sm">{errorText(error)}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t("state.retry")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

export function Empty({ title, children }: { title: string; children?: React.ReactNode }) {
  return (
    <Center py={48}>
      <Stack align="center" gap="xs">
        <Text fw={600} size="lg" ta="center">
          {title}
        </Text>
        {children}
      </Stack>
    </Center>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Holdfast`;
  }, [title]);
}

/** A page's heading, which names the document too. */
export function PageTitle({ children, aside }: { children: string; aside?: React.ReactNode }) {
  useTitle(children);
  return (
    <Group justify="space-between" mb="md" gap="sm">
      <Title order={1} size="h2">
        {children}
      </Title>
      {aside}
    </Group>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/** A query's data, or what stands in its place. Old data is better than an error. */
export function Answer<T>({ of, children }: { of: Asked<T>; children: (data: T) => React.ReactNode }) {
  if (of.data !== undefined) return children(of.data);
  if (of.error !== null) return <Failure error={of.error} onRetry={() => void of.refetch()} />;
  return <Loading />;
}
