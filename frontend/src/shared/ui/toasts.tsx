/**
 * Short messages at the page's edge. A success says when it goes; a refusal stays until it is closed. What can be undone
 * has the other end of the page for itself, so that no other message is ever before it.
 *
 * The component library's own notifications are a tenth of the first load, can be swiped away by chance, and hide all
 * but some of those that can be undone.
 */
import { Box, Notification, Text } from "@mantine/core";
import i18next from "i18next";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/shared/api/errors";
import { giveBack, type Origin, originAt } from "./focus";
import classes from "./toasts.module.css";

const TOLD_SECONDS = 8;

export interface Toast {
  id: string;
  title?: string;
  body: React.ReactNode;
  color: "green" | "red";
  /** Whether it is for undoing something, and goes by itself with what it undoes. */
  isUndo?: boolean;
}

let toasts: readonly Toast[] = [];
let numbers = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function show(toast: Toast): void {
  change([...toasts.filter(({ id }) => id !== toast.id), toast]);
}

export function hide(id: string): void {
  if (toasts.some((each) => each.id === id)) change(toasts.filter((each) => each.id !== id));
}

/** Tell that something was done. */
export function told(message: string): void {
  const id = `told ${++numbers}`;
  show({ id, color: "green", body: <Fading id={id} text={message} /> });
}

/** Tell why something was not done. */
export function refused(error: unknown, title: string): void {
  show({ id: `refused ${++numbers}`, title, color: "red", body: errorText(error) });
}

export function Toasts() {
  const all = useSyncExternalStore(subscribe, () => toasts);
  return [false, true].map((isUndo) => (
    <div key={String(isUndo)} className={classes.toasts} data-toasts={isUndo ? "undo" : "told"}>
      {all.filter((each) => (each.isUndo ?? false) === isUndo).map((each) => <Shown key={each.id} toast={each} />)}
    </div>
  ));
}

function Shown({ toast: { id, title, body, color, isUndo = false } }: { toast: Toast }) {
  // Focus must not go with the toast, whether it is closed, used or goes by itself.
  const before = useRef<Origin | null>(null);
  useEffect(() => {
    before.current ??= originAt(document.activeElement);
    return () => {
      const origin = before.current;
      if (origin !== null) setTimeout(() => giveBack(origin, { onlyNow: true }));
    };
  }, []);
  return (
    <Notification
      role={color === "red" && !isUndo ? "alert" : "status"}
      color={color}
      title={title}
      withBorder
      withCloseButton={!isUndo}
      className={classes.toast ?? ""}
      onFocus={({ relatedTarget, currentTarget }) => {
        if (relatedTarget !== null && !currentTarget.contains(relatedTarget)) before.current = originAt(relatedTarget);
      }}
      closeButtonProps={{ "aria-label": i18next.t("close") }}
      onClose={() => hide(id)}
    >
      {body}
    </Notification>
  );
}

/** Counts down, and stands still while somebody points at it. */
function Fading({ id, text }: { id: string; text: string }) {
  const [seconds, setSeconds] = useState(TOLD_SECONDS);
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setInterval(() => setSeconds((before) => before - 1), 1_000);
    return () => clearInterval(timer);
  }, [isHeld]);
  useEffect(() => {
    if (seconds <= 0) hide(id);
  }, [seconds, id]);
  return (
    <Box onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)}>
      {text}
      <Seconds name="toast.closes" count={seconds} />
    </Box>
  );
}

/** How long there is. Said once, when the toast appears; the count is for eyes only. */
export function Seconds({ name, count }: { name: "toast.closes" | "cancel.seconds"; count: number }) {
  const { t } = useTranslation();
  return (
    <Text size="sm" c="dimmed" aria-hidden>
      {t(name, { count })}
    </Text>
  );
}
