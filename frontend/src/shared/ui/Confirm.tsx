/** Asks once more before something that cannot be undone. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLive } from "@/shared/live/live";
import { Dialog } from "./Dialog";

interface Props {
  title: string;
  text: string;
  action: string;
  isBusy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function Confirm({ title, text, action, isBusy, onConfirm, onClose }: Props) {
  const { t } = useTranslation();
  const { isStale } = useLive();
  return (
    <Dialog title={title} onClose={onClose}>
      <Stack>
        <Text size="sm">{text}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("close")}
          </Button>
          <Button color="red.9" loading={isBusy} disabled={isStale} onClick={onConfirm}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
