/** Cancelling takes effect after ten seconds, in which it can be undone; at once when the page is left. */
import { Button, Group } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Reservation } from "@/shared/api/queries";
import { clockRange } from "@/shared/time";
import { hide, refused, Seconds, show } from "@/shared/ui/toasts";
import { cancel, refresh } from "./changes";

/** Something that somebody is about to give back: a reservation, a seat. */
export interface Going {
  id: string;
  what: string;
  cancel: () => Promise<void>;
  refresh: () => Promise<void>;
}

export const UNDO_SECONDS = 10;
/** How high a toast is, with what is between it and the next. */
const UNDO_PIXELS = 120;

interface Leaving {
  ids: ReadonlySet<string>;
  leave: (going: Going) => void;
  undo: (id: string) => void;
}

const LeavingContext = createContext<Leaving>({ ids: new Set(), leave: () => undefined, undo: () => undefined });

export function useLeaving(): Leaving {
  return useContext(LeavingContext);
}

/** How a room's reservation is given back. */
export function useGiveBack(): (reservation: Reservation) => void {
  const client = useQueryClient();
  const { leave } = useLeaving();
  return (reservation) => {
    const what = `${reservation.roomName}, ${clockRange(reservation)}`;
    leave({ id: reservation.id, what, cancel: () => cancel(reservation), refresh: () => refresh(client) });
  };
}

export function LeavingProvider({ children }: { children: React.ReactNode }) {
  const { t } = useTranslation();
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const timers = useRef(new Map<string, { timer: ReturnType<typeof setTimeout>; going: Going }>());

  const forget = useCallback((id: string) => {
    clearTimeout(timers.current.get(id)?.timer);
    timers.current.delete(id);
    hide(toastOf(id));
    setIds((before) => new Set([...before].filter((each) => each !== id)));
  }, []);

  const finish = useCallback(
    async ({ id, cancel, refresh }: Going) => {
      try {
        timers.current.delete(id);
        hide(toastOf(id));
        await cancel();
        await refresh();
      } catch (error) {
        refused(error, t("refused.cancel"));
      } finally {
        forget(id);
      }
    },
    [forget, t],
  );

  const leave = useCallback(
    (going: Going) => {
      const { id, what } = going;
      if (timers.current.has(id)) return;
      timers.current.set(id, { timer: setTimeout(() => void finish(going), UNDO_SECONDS * 1000), going });
      setIds((before) => new Set([...before, id]));
      show({ id: toastOf(id), isUndo: true, color: "red", title: t("cancel.soon", { what }), body: <Undo onUndo={() => forget(id)} /> });
    },
    [finish, forget, t],
  );

  useEffect(() => {
    // Room below the page, so that nothing of it stays behind the toasts.
    document.documentElement.style.setProperty("--undo-space", `${ids.size * UNDO_PIXELS}px`);
  }, [ids]);

  useEffect(() => {
    const leaveAll = (): void => [...timers.current.values()].forEach(({ going, timer }) => {
      clearTimeout(timer);
      void finish(going);
    });
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
    const timer = setInterval(() => setSeconds((left) => Math.max(0, left - 1)), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Group justify="space-between" mt={4}>
      <Seconds name="cancel.seconds" count={seconds} />
      <Button size="compact-sm" variant="default" onClick={onUndo}>
        {t("cancel.undo")}
      </Button>
    </Group>
  );
}
