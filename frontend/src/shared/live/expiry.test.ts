import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import "@/shared/api/queries";
import { followExpiries, untilExpiry } from "./expiry";

const NOW = Date.parse("2030-05-01T10:00:00Z");
const held = (time: string) => ({ id: time, expiresAt: `2030-05-01T${time}Z` });

afterEach(() => vi.useRealTimers());

test("what shows holds is old when the first of them ends", () => {
  const reservations = [{ id: "for good" }, held("10:01:00"), held("10:00:30")];
  expect(untilExpiry({ reservations }, NOW)).toBe(30_200);
  expect(untilExpiry(reservations, NOW)).toBe(30_200);
});

test("without holds nothing gets old by itself", () => {
  expect(untilExpiry({ reservations: [{ id: "for good" }] }, NOW)).toBeNull();
  expect(untilExpiry([], NOW)).toBeNull();
  expect(untilExpiry(undefined, NOW)).toBeNull();
});

test("a hold that is over by this clock alone is asked about now and then", () => {
  expect(untilExpiry([held("09:00:00")], NOW)).toBe(2_000);
});

test("the board is asked for again when a hold on it ends", () => {
  vi.useFakeTimers({ now: NOW });
  const client = new QueryClient();
  const add = vi.fn();
  const stop = followExpiries(client, { add });
  client.setQueryData(["board", "2030-05-01"], { reservations: [held("10:00:30")] });
  vi.advanceTimersByTime(30_000);
  expect(add).not.toHaveBeenCalled();
  vi.advanceTimersByTime(300);
  expect(add).toHaveBeenCalledExactlyOnceWith(["board", "slots"]);
  client.setQueryData(["board", "2030-05-01"], { reservations: [held("10:02:00")] });
  client.setQueryData(["board", "2030-05-01"], { reservations: [] });
  vi.advanceTimersByTime(300_000);
  expect(add).toHaveBeenCalledTimes(1);
  client.setQueryData(["floor", "2030-05-01"], { reservations: [held("11:00:00")] });
  stop();
  vi.advanceTimersByTime(3_600_000);
  expect(add).toHaveBeenCalledTimes(1);
});
