/** Somebody's own seats at events, and how one is given back. */
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { api, ApiError, data, type Schemas } from "@/shared/api/client";
import { refetch } from "@/shared/api/optimistic";
import { followPlaces } from "@/shared/live/keys";
import { useLeaving } from "@/shared/reservation/Leaving";

export type Statistics = Schemas["SeatStatistics"];
export type HeldSeat = Statistics["events"][number];

/** The queries that a booked or cancelled seat makes old. */
export const SEATS_TOUCH = ["events", "event", "attendees", "metrics"];
followPlaces("event", { taken: SEATS_TOUCH, changed: SEATS_TOUCH });

export function statisticsOf(userId: string) {
  return queryOptions({
    queryKey: ["metrics", userId],
    queryFn: ({ signal }) => data(api.GET("/metrics/{user_id}", { params: { path: { user_id: userId } }, signal })),
  });
}

/** The name under which a seat waits to be given back. */
export function goingSeat(bookingId: number): string {
  return `seat ${bookingId}`;
}

export function useGiveSeatBack(): (event: { name: string }, bookingId: number) => void {
  const client = useQueryClient();
  const { leave } = useLeaving();
  return ({ name }, bookingId) =>
    leave({
      id: goingSeat(bookingId),
      what: name,
      cancel: () => cancel(bookingId),
      refresh: () => refetch(client, SEATS_TOUCH),
    });
}

/** What was cancelled already is what was wanted. */
async function cancel(bookingId: number): Promise<void> {
  try {
    const params = { path: { booking_id: String(bookingId) } };
    await data(api.DELETE("/api/bookings/{booking_id}", { params, keepalive: true }));
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "BOOKING_NOT_FOUND")) throw error;
  }
}
