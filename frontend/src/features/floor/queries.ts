/** The floor as the server has it, and the changes that a host makes: shown at once, taken back when refused. */
import { keepPreviousData, queryOptions, type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas, wishKey } from "@/shared/api/client";
import { change, refetch, WAITING } from "@/shared/api/optimistic";
import { followHolds, followPlaces } from "@/shared/live/keys";
import { AGAIN, cancel, type Teller } from "@/shared/reservation/changes";
import { refused, told } from "@/shared/ui/toasts";
import { useLeaving } from "@/shared/reservation/Leaving";
import { guestName, tableName } from "@/shared/tables";
import { clockRange, type Day, minutesOf, plusMinutes, type Stretch, stretchOf } from "@/shared/time";

export type Floor = Schemas["FloorResponse"];
export type DinnerTable = Schemas["FloorTable"];
export type Dinner = Schemas["FloorReservation"];

/** Who comes in the evening may stay past midnight, and must not meet who comes then. */
const MORNING_MINUTES = 12 * 60;
const TOUCHED = ["floor", "mine"];
followPlaces("table", { taken: ["floor"], changed: ["floor"] });
followHolds("floor");

export const queries = {
  floor: (day: Day) =>
    queryOptions({
      queryKey: ["floor", day],
      queryFn: ({ signal }) => {
        const { start, end } = stretchOf(day);
        const query = { from: start, to: plusMinutes(end, MORNING_MINUTES) };
        return data(api.GET("/board/floor", { params: { query }, signal }));
      },
    }),
};

/** A day that is only glanced at, in a dialog, keeps what was there until it is known. */
export function glance(day: Day) {
  return { ...queries.floor(day), placeholderData: keepPreviousData };
}

export interface Party extends Stretch {
  table: Pick<DinnerTable, "id" | "name">;
  name: string;
  size: number;
  key: string;
}

export function newParty(wanted: Omit<Party, "key">): Party {
  return { ...wanted, key: wishKey() };
}

export function useSeat(form?: Teller) {
  const client = useQueryClient();
  const { t } = useTranslation();
  return useMutation({
    mutationFn: ({ table, name, size, start, end, key }: Party) => {
      const minutes = minutesOf({ start, end });
      const body = { table_id: table.id, customer_name: name, party_size: size, reservation_time: start, duration_minutes: minutes };
      return data(api.POST("/reservations", { params: { header: { "Idempotency-Key": key } }, body }));
    },
    ...AGAIN,
    onMutate: (party) => changeFloors(client, (held) => [...held, waiting(party)]),
    onSuccess: (_, { table, name, start, end }) =>
      told(t("floor.seated", { name: guestName(name), table: tableName(table.name), time: clockRange({ start, end }) })),
    onError: (error, _, undo) => {
      undo?.();
      if (form?.current !== true) refused(error, t("floor.refused"));
    },
    onSettled: () => refetch(client, TOUCHED),
  });
}

export interface DinnerMove extends Stretch {
  dinner: Dinner;
  table: Pick<DinnerTable, "id" | "name">;
}

export function useMoveDinner(form?: Teller) {
  const client = useQueryClient();
  const { t } = useTranslation();
  return useMutation({
    mutationFn: ({ dinner, table, start, end }: DinnerMove) =>
      data(
        api.PATCH("/reservations/{id}", {
          params: { path: { id: dinner.id } },
          body: { table_id: table.id, start_time: start, end_time: end },
        }),
      ),
    onMutate: ({ dinner, table, start, end }) =>
      changeFloors(client, (held) =>
        held.map((each) => (each.id === dinner.id ? { ...each, tableId: table.id, start, end } : each)),
      ),
    onSuccess: (_, { table }) => told(t("moved", { room: tableName(table.name) })),
    onError: (error, _, undo) => {
      undo?.();
      if (form?.current !== true) refused(error, t("refused.move"));
    },
    onSettled: () => refetch(client, TOUCHED),
  });
}

export function useSendAway(): (dinner: Dinner, what: string) => void {
  const client = useQueryClient();
  const { leave } = useLeaving();
  return (dinner, what) =>
    leave({ id: dinner.id, what, cancel: () => cancel(dinner), refresh: () => refetch(client, TOUCHED) });
}

export function refreshFloor(client: QueryClient): Promise<void> {
  return refetch(client, TOUCHED);
}

function changeFloors(client: QueryClient, how: (held: Dinner[]) => Dinner[]): Promise<() => void> {
  return change<Floor>(client, "floor", (floor) => ({ ...floor, reservations: how(floor.reservations) }));
}

function waiting({ table, name, size, start, end, key }: Party): Dinner {
  return {
    id: WAITING + key, tableId: table.id, start, end, isMine: true, mayChange: true, customerName: name, partySize: size,
  };
}
