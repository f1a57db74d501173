/** A dialog's form: its fields, what is wrong, and the buttons. While the server is away it keeps what was typed. */
import { Alert, Button, Group, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLive } from "@/shared/live/live";

interface Props {
  /** What the button says that sends it. */
  action: string;
  /** Why it cannot be sent, or was refused. */
  refusal: string | null;
  /** Whether it may be sent as it is now. */
  mayBeSent?: boolean;
  isBusy?: boolean;
  /** Whether Enter sends it at once. */
  isReady?: boolean;
  /** What the button says that does not send it. */
  leave?: string;
  onSend: () => void;
  onClose: () => void;
  children: React.ReactNode;
}

export function SendForm(props: Props) {
  const { action, refusal, mayBeSent = true, isBusy = false, isReady = false, leave, onSend, onClose, children } = props;
  const { t } = useTranslation();
  const { isStale } = useLive();
  const send = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    if (mayBeSent && !isBusy && !isStale) onSend();
  };
  return (
    <form onSubmit={send}>
      <Stack>
        {children}
        {isStale && (
          <Alert color="yellow" variant="outline" role="status">
            {t("state.kept")}
          </Alert>
        )}
        {refusal !== null && (
          <Alert color="red" variant="outline" role="alert">
            {refusal}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {leave ?? t("close")}
          </Button>
          <Button type="submit" disabled={!mayBeSent || isStale} loading={isBusy} {...(isReady && { "data-autofocus": true })}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
