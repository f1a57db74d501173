/** Queries of the server about events. The first part of a key says what it depends on: see `live/keys.ts`. */
import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas, Wishes } from "@/shared/api/client";
import { refetch } from "@/shared/api/optimistic";
import { AGAIN } from "@/shared/reservation/changes";
import { refused, told } from "@/shared/ui/toasts";
import { SEATS_TOUCH } from "@/shared/seats";
import type { User } from "@/shared/api/queries";

export type ClubEvent = Schemas["BoardEvent"];
export type Attendee = Schemas["BoardAttendee"];

const SHOWN = 48;
const ATTENDEES_SHOWN = 100;
/** The cursor of the first page. */
const FIRST = "";

/** Of a visitor's events none is their own, so what is known belongs to who looks. */
function whose(user: User | null): string {
  return user?.id ?? "";
}

export const queries = {
  events: (user: User | null, search: string) =>
    infiniteQueryOptions({
      queryKey: ["events", whose(user), search],
      queryFn: ({ pageParam, signal }) => {
        const query = { limit: SHOWN, ...(search && { search }), ...(pageParam && { cursor: pageParam }) };
        return data(api.GET("/board/events", { params: { query }, signal }));
      },
      initialPageParam: FIRST,
      getNextPageParam: ({ nextCursor }) => nextCursor,
      placeholderData: keepPreviousData,
    }),

  event: (user: User | null, id: string) =>
    queryOptions({
      queryKey: ["event", whose(user), id],
      queryFn: ({ signal }) => data(api.GET("/board/events/{event_id}", { params: { path: { event_id: id } }, signal })),
    }),

  attendees: (id: string, search: string) =>
    infiniteQueryOptions({
      queryKey: ["attendees", id, search],
      queryFn: ({ pageParam, signal }) => {
        const query = { limit: ATTENDEES_SHOWN, ...(search && { search }), ...(pageParam && { cursor: pageParam }) };
        const params = { path: { event_id: id }, query };
        return data(api.GET("/board/events/{event_id}/attendees", { params, signal }));
      },
      initialPageParam: FIRST,
      getNextPageParam: ({ nextCursor }) => nextCursor,
      placeholderData: keepPreviousData,
    }),
};

/** How often to ask when nobody tells: not again where a visitor was refused. */
export function askingEvery(pollEvery: number | false, user: User | null) {
  return ({ state }: { state: { error: Error | null } }): number | false =>
    user === null && state.error !== null ? false : pollEvery;
}

export function useTakeSeat() {
  const client = useQueryClient();
  const { t } = useTranslation();
  return useMutation({
    mutationFn: ({ event, user, key }: { event: ClubEvent; user: User; key: string }) => {
      const body = { event_id: event.id, user_id: user.id };
      return data(api.POST("/api/bookings/reserve", { params: { header: { "Idempotency-Key": key } }, body }));
    },
    ...AGAIN,
    onSuccess: (_, { event }) => told(t("seat.taken", { event: event.name })),
    onError: (error) => refused(error, t("seat.refused")),
    onSettled: () => refetch(client, SEATS_TOUCH),
  });
}

export interface EventFields {
  name: string;
  total_seats: number;
}

/** Make an event, or change one. */
export function useKeepEvent(event: ClubEvent | undefined, onKept: (id: number) => void) {
  const client = useQueryClient();
  const [wishes] = useState(() => new Wishes());
  return useMutation({
    mutationFn: (body: EventFields) =>
      event === undefined
        ? wishes.send(body, (key) => data(api.POST("/api/events", { params: { header: { "Idempotency-Key": key } }, body })))
        : data(api.PATCH("/api/events/{event_id}", { params: { path: { event_id: String(event.id) } }, body })),
    onSuccess: async ({ id }) => {
      await refetch(client, SEATS_TOUCH);
      onKept(id);
    },
  });
}
