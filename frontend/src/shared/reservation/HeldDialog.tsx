/** One reservation, of a room or a table: what it is, and for who may change it, move and cancel. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Stretch } from "@/shared/time";
import { Dialog } from "@/shared/ui/Dialog";
import { IconMove, IconTrash } from "@/shared/ui/icons";
import { Times } from "@/shared/ui/Times";
import { useLeaving } from "./Leaving";

interface Props {
  id: string;
  title: string;
  stretch: Stretch;
  who: string;
  canChange: boolean;
  onLeave: () => void;
  onClose: () => void;
  /** What is shown in place of it while it is moved. */
  moving: React.ReactNode;
  children?: React.ReactNode;
}

export function HeldDialog({ id, title, stretch, who, canChange, onLeave, onClose, moving, children }: Props) {
  const { t } = useTranslation();
  const { ids, undo } = useLeaving();
  const [isMoving, setMoving] = useState(false);
  const isLeaving = ids.has(id);
  const leave = (): void => {
    onLeave();
    onClose();
  };
  if (isMoving) return <Dialog title={title} onClose={onClose}>{moving}</Dialog>;
  return (
    <Dialog title={title} onClose={onClose}>
      <Stack>
        <Text>
          <Times stretch={stretch} withDay />
        </Text>
        <Text style={{ overflowWrap: "anywhere" }}>{isLeaving ? t("item.leaving") : who}</Text>
        {children}
        <Group justify="flex-end">
          {canChange && isLeaving && <Button onClick={() => undo(id)}>{t("cancel.undo")}</Button>}
          {canChange && !isLeaving && (
            <>
              <Button variant="default" leftSection={<IconTrash />} onClick={leave}>
                {t("cancel.do")}
              </Button>
              <Button leftSection={<IconMove />} onClick={() => setMoving(true)} data-autofocus>
                {t("move.open")}
              </Button>
            </>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}
