/** A dialog's form: its fields, what is wrong, and the buttons. */
import { Alert, Button, Group, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

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
  onSend: () => void;
  onClose: () => void;
  children: React.ReactNode;
}

export function SendForm({ action, refusal, mayBeSent = true, isBusy = false, isReady = false, onSend, onClose, children }: Props) {
  const { t } = useTranslation();
  const send = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    if (mayBeSent) onSend();
  };
  return (
    <form onSubmit={send}>
      <Stack>
        {children}
        {refusal !== null && (
          <Alert color="red" variant="outline" role="alert">
            {refusal}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("close")}
          </Button>
          <Button type="submit" disabled={!mayBeSent} loading={isBusy} {...(isReady && { "data-autofocus": true })}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
