/** Cancelling takes effect after ten seconds, in which it can be undone; at once when the page is left. */
import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Reservation } from "@/shared/api/queries";
import { clockRange } from "@/shared/time";
import { cancel, refresh, refused } from "./changes";

export const UNDO_SECONDS = 10;

interface Leaving {
  ids: ReadonlySet<string>;
  leave: (reservation: Reservation) => void;
  undo: (id: string) => void;
}

const LeavingContext = createContext<Leaving>({ ids: new Set(), leave: () => undefined, undo: () => undefined });

export function useLeaving(): Leaving {
  return useContext(LeavingContext);
}

export function LeavingProvider({ children }: { children: React.ReactNode }) {
  const client = useQueryClient();
  const { t } = useTranslation();
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());

  const forget = useCallback((id: string) => {
    clearTimeout(timers.current.get(id));
    timers.current.delete(id);
    notifications.hide(toastOf(id));
    setIds((before) => new Set([...before].filter((each) => each !== id)));
  }, []);

  const finish = useCallback(
    async (id: string) => {
      try {
        timers.current.delete(id);
        notifications.hide(toastOf(id));
        await cancel({ id });
        await refresh(client);
      } catch (error) {
        refused(error, t("refused.cancel"));
      } finally {
        forget(id);
      }
    },
    [client, forget, t],
  );

  const leave = useCallback(
    (reservation: Reservation) => {
      const { id } = reservation;
      if (timers.current.has(id)) return;
      timers.current.set(id, setTimeout(() => void finish(id), UNDO_SECONDS * 1000));
      setIds((before) => new Set([...before, id]));
      notifications.show({
        id: toastOf(id),
        autoClose: false,
        withCloseButton: false,
        color: "red",
        title: t("cancel.soon", { room: reservation.roomName, time: clockRange(reservation) }),
        message: <Undo onUndo={() => forget(id)} />,
      });
    },
    [finish, forget, t],
  );

  useEffect(() => {
    const leaveAll = (): void => [...timers.current.keys()].forEach((id) => void finish(id));
    addEventListener("pagehide", leaveAll);
    return () => removeEventListener("pagehide", leaveAll);
  }, [finish]);

  const value = useMemo(() => ({ ids, leave, undo: forget }), [ids, leave, forget]);
  return <LeavingContext value={value}>{children}</LeavingContext>;
}

function toastOf(id: string): string {
  return `leaving ${id}`;
}

function Undo({ onUndo }: { onUndo: () => void }) {
  const { t } = useTranslation();
  const [seconds, setSeconds] = useState(UNDO_SECONDS);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => Math.max(0, before - 1)), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Group justify="space-between" mt={4}>
      {/* Said once, when the toast appears; the count is for eyes only. */}
      <Text size="sm" aria-hidden>
        {t("cancel.seconds", { count: seconds })}
      </Text>
      <Button size="compact-sm" variant="default" onClick={onUndo}>
        {t("cancel.undo")}
      </Button>
    </Group>
  );
}
