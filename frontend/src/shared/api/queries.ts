/** Queries of the server, by name. The first part of a key says what it depends on: see `live/keys.ts`. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { type Day, dayOf, stretchOf, utcDates } from "@/shared/time";
import { followHolds, followPlaces } from "@/shared/live/keys";
import { api, data, type Schemas } from "./client";

export type Room = Schemas["BoardRoom"];
export type Reservation = Schemas["BoardReservation"];
export type Board = Schemas["BoardResponse"];
export type Slot = Schemas["Slot"];
export type User = Schemas["Me"];
export type Account = Schemas["Account"];

export const PAGE_SIZE = 20;
const MINE_AT_ONCE = 200;

/** The queries that a room which is taken or given back makes old. */
export const ROOMS_TOUCH = ["board", "slots", "mine", "bookings"];
const CHANGED_ROOMS_TOUCH = ROOMS_TOUCH.filter((key) => key !== "mine");
followPlaces("room", { taken: ROOMS_TOUCH, changed: CHANGED_ROOMS_TOUCH });
followPlaces("schedule", { taken: [], changed: CHANGED_ROOMS_TOUCH });
followPlaces("table", { taken: ["mine"], changed: ["mine"] });
followHolds("board", ["board", "slots"]);
followHolds("mine");

export const queries = {
  info: () =>
    queryOptions({ queryKey: ["info"], queryFn: () => data(api.GET("/_info")), staleTime: Number.POSITIVE_INFINITY }),

  me: (token: string) =>
    queryOptions({ queryKey: ["me", token], queryFn: async () => (await data(api.GET("/me"))).user, staleTime: 60_000 }),

  board: (day: Day) =>
    queryOptions({
      queryKey: ["board", day],
      queryFn: ({ signal }) => {
        const { start, end } = stretchOf(day);
        return data(api.GET("/board", { params: { query: { from: start, to: end } }, signal }));
      },
    }),

  /** Free slots that start on the viewer's day, which touches two days of the server. */
  slots: (roomId: string, day: Day) =>
    queryOptions({
      queryKey: ["slots", roomId, day],
      queryFn: async ({ signal }) => {
        const parts = await Promise.all(utcDates(day).map((date) => slotsOn(roomId, date, signal)));
        return parts.flat().filter((slot) => dayOf(slot.start) === day);
      },
    }),

  mine: () =>
    queryOptions({
      queryKey: ["mine"],
      queryFn: async ({ signal }) => {
        const found: Reservation[] = [];
        let cursor: string | null | undefined;
        do {
          const query = { limit: MINE_AT_ONCE, ...(cursor != null && { cursor }) };
          const page = await data(api.GET("/board/mine", { params: { query }, signal }));
          found.push(...page.reservations);
          cursor = page.nextCursor;
        } while (cursor !== null);
        return found;
      },
    }),

  bookings: (page: number) =>
    queryOptions({
      queryKey: ["bookings", page],
      queryFn: () => data(api.GET("/board/bookings", { params: { query: { page, pageSize: PAGE_SIZE } } })),
      placeholderData: keepPreviousData,
    }),

  users: (page: number) =>
    queryOptions({
      queryKey: ["users", page],
      queryFn: () => data(api.GET("/users", { params: { query: { page, pageSize: PAGE_SIZE } } })),
      placeholderData: keepPreviousData,
    }),
};

export async function slotsOn(roomId: string, date: Day, signal?: AbortSignal): Promise<Slot[]> {
  const params = { path: { room_id: roomId }, query: { date } };
  const asked = api.GET("/rooms/{room_id}/slots/list", { params, ...(signal && { signal }) });
  return (await data(asked)).slots;
}
