/** Reserving, moving and cancelling: shown at once, and taken back when the server refuses. */
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, ApiError, data, OFFLINE, wishKey } from "@/shared/api/client";
import { change, refetch, WAITING } from "@/shared/api/optimistic";
import { type Board, type Reservation, type Room, ROOMS_TOUCH, slotsOn } from "@/shared/api/queries";
import type { Stretch } from "@/shared/time";
import { refused, told } from "@/shared/ui/toasts";

export interface Wish extends Stretch {
  room: Pick<Room, "id" | "name">;
  /** Whether it is one of a managed room's slots, which may have a conference link. */
  isBooking: boolean;
  wantsLink: boolean;
  key: string;
  /** Looked up once: when the answer to booking it is lost, it is not listed any more. */
  slotId?: string;
}

export interface Move extends Stretch {
  reservation: Reservation;
  room: Pick<Room, "id" | "name">;
}

/** For requests with a key, which makes it safe to ask again when the answer was lost. */
export const AGAIN = {
  retry: (failures: number, error: Error) => failures < 2 && error instanceof ApiError && error.code === OFFLINE,
  retryDelay: 500,
};

export function newWish(wanted: Omit<Wish, "key">): Wish {
  return { ...wanted, key: wishKey() };
}

/** Whether the form that asked is still there: it tells itself what was refused. Without a form a toast does. */
export interface Teller {
  current: boolean;
}

export function useTeller(): Teller {
  const isThere = useRef(true);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);
  return isThere;
}

export function useReserve(form: Teller) {
  const client = useQueryClient();
  const { t } = useTranslation();
  return useMutation({
    mutationFn: reserve,
    ...AGAIN,
    onMutate: (wish) => changeBoards(client, (held) => [...held, waiting(wish)]),
    onSuccess: (_, wish) => told(t("reserved", { room: wish.room.name })),
    onError: (error, _, undo) => {
      undo?.();
      if (!form.current) refused(error, t("refused.reserve"));
    },
    onSettled: () => refresh(client),
  });
}

export function useMove(form?: Teller) {
  const client = useQueryClient();
  const { t } = useTranslation();
  return useMutation({
    mutationFn: ({ reservation, room, start, end }: Move) =>
      data(
        api.PATCH("/reservations/{id}", {
          params: { path: { id: reservation.id } },
          body: { room_id: room.id, start_time: start, end_time: end },
        }),
      ),
    onMutate: ({ reservation, room, start, end }) =>
      changeBoards(client, (held) =>
        held.map((each) =>
          each.id === reservation.id ? { ...each, roomId: room.id, roomName: room.name, start, end } : each,
        ),
      ),
    onSuccess: (_, { room }) => told(t("moved", { room: room.name })),
    onError: (error, _, undo) => {
      undo?.();
      if (form?.current !== true) refused(error, t("refused.move"));
    },
    onSettled: () => refresh(client),
  });
}

/** Cancel at the server. What was cancelled already is what was wanted. */
export async function cancel(reservation: Pick<Reservation, "id">): Promise<void> {
  try {
    const params = { path: { id: reservation.id } };
    await data(api.DELETE("/reservations/{id}", { params, keepalive: true }));
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "RESERVATION_NOT_FOUND")) throw error;
  }
}

export function refresh(client: QueryClient): Promise<void> {
  return refetch(client, ROOMS_TOUCH);
}

async function reserve(wish: Wish): Promise<void> {
  const header = { "Idempotency-Key": wish.key };
  if (!wish.isBooking) {
    const body = { room_id: wish.room.id, start_time: wish.start, end_time: wish.end };
    await data(api.POST("/reservations", { params: { header }, body }));
    return;
  }
  wish.slotId ??= await slotAt(wish);
  const body = { slotId: wish.slotId, createConferenceLink: wish.wantsLink };
  await data(api.POST("/bookings/create", { params: { header }, body }));
}

/** The slot's id; asking makes the server remember the slot, too. One that is not free any more is not listed. */
async function slotAt({ room, start }: Wish): Promise<string> {
  const slot = (await slotsOn(room.id, start.slice(0, 10))).find((each) => each.start === start);
  if (slot === undefined) throw new ApiError("SLOT_ALREADY_BOOKED", "");
  return slot.id;
}

/** Change every board that is known; answers what takes the change back. */
function changeBoards(client: QueryClient, how: (held: Reservation[]) => Reservation[]): Promise<() => void> {
  return change<Board>(client, "board", (board) => ({ ...board, reservations: how(board.reservations) }));
}

function waiting({ room, start, end, isBooking, key }: Wish): Reservation {
  return {
    id: WAITING + key,
    roomId: room.id,
    roomName: room.name,
    start,
    end,
    createdAt: start,
    status: "active",
    kind: "room",
    isBooking,
    isMine: true,
    userId: null,
    userEmail: null,
    conferenceLink: null,
  };
}
