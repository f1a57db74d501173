/** What is in the way of a reservation, and when the room is free next: who loses a race goes on from the same form. */
import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/shared/api/client";
import { formText } from "@/shared/api/errors";
import type { Room } from "@/shared/api/queries";
import { clock, clockRange, dayOf, plusMinutes, type Stretch, stretchOf } from "@/shared/time";
import { nextStart } from "./free";
import { type Asking, inTheWay, type Refusal } from "./rules";
import type { When } from "./WhenFields";

interface Told {
  room: Room | undefined;
  when: Stretch;
  asking: Asking;
  refusal: Refusal | null;
  error: unknown;
  /** The reservation that is moved. */
  movedId?: string;
}

/** Why it cannot be sent or was not taken; of a time that is taken, what takes it. */
export function useRefusalText({ room, when, asking, refusal, error, movedId }: Told): string | null {
  const { t } = useTranslation();
  const why = error === null ? refusal && t(`refusal.${refusal}`) : formText(error, []);
  if (why === null || room === undefined) return why;
  const found = inTheWay(room, when, asking.held, movedId) ?? conflictIn(error);
  return found === undefined ? why : `${why} ${t("refusal.inTheWay", { room: room.name, time: clockRange(found) })}`;
}

/** What the server says is in the way. */
export function conflictIn(error: unknown): Stretch | undefined {
  if (!(error instanceof ApiError) || error.code !== "TIME_CONFLICT") return undefined;
  const { start_time: start, end_time: end } = error.details;
  return typeof start === "string" && typeof end === "string" ? { start, end } : undefined;
}

interface NextProps {
  room: Room;
  when: When;
  asking: Asking;
  onChange: (when: When) => void;
}

export function NextFree({ room, when, asking, onChange }: NextProps) {
  const { t } = useTranslation();
  const next = nextStart(room, when, stretchOf(dayOf(when.start)).end, asking);
  if (next === null) return null;
  const minutes = (Date.parse(when.end) - Date.parse(when.start)) / 60_000;
  return (
    <Group>
      <Button size="compact-sm" variant="default" onClick={() => onChange({ ...when, start: next, end: plusMinutes(next, minutes) })}>
        {t("when.nextAt", { room: room.name, time: clock(next) })}
      </Button>
    </Group>
  );
}

