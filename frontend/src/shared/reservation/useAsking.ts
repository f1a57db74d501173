/** What a form must know about the time that is chosen in it, which need not be of the day behind it. */
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/shared/api/queries";
import { useLive } from "@/shared/live/live";
import { dayOf, plusMinutes, type Stretch } from "@/shared/time";
import { useNow } from "@/shared/useNow";
import type { Asking } from "./rules";

/** `isKnown`: whether it is known what is held then. While the server is away it may not be. */
export interface AskingThen extends Asking {
  isKnown: boolean;
}

export function useAsking({ start, end }: Stretch, behind: Asking): AskingThen {
  const { pollEvery } = useLive();
  const now = useNow();
  const first = useQuery({ ...queries.board(dayOf(start)), refetchInterval: pollEvery });
  const last = useQuery({ ...queries.board(dayOf(plusMinutes(end, -1))), refetchInterval: pollEvery });
  const isKnown = first.data !== undefined && last.data !== undefined;
  const held = isKnown ? unique([...first.data.reservations, ...last.data.reservations]) : behind.held;
  return { user: behind.user, now, held, isKnown };
}

function unique<T extends { id: string }>(all: readonly T[]): T[] {
  return [...new Map(all.map((each) => [each.id, each])).values()];
}
