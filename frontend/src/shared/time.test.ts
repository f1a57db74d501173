import { beforeAll, describe, expect, test } from "vitest";
import {
  closedWithin, dayFrom, isOpen, isSlot, localTime, minuteOf, openWithin, overlap, slotsOf, stretchOf, today, utcDates, utcRange,
} from "./time";

const NINE_TO_FIVE = { daysOfWeek: [1, 2, 3, 4, 5], startTime: "09:00", endTime: "17:00" };

beforeAll(() => {
  // Nine hours ahead of UTC: where mistakes with days show.
  process.env["TZ"] = "Asia/Tokyo";
});

describe("a viewer nine hours ahead of UTC", () => {
  test("has days that begin at three in the afternoon of the day before", () => {
    expect(stretchOf("2030-05-02")).toEqual({ start: "2030-05-01T15:00:00Z", end: "2030-05-02T15:00:00Z" });
  });

  test("has days that touch two days of UTC", () => {
    expect(utcDates("2030-05-02")).toEqual(["2030-05-01", "2030-05-02"]);
  });

  test("reads times on their own clock", () => {
    expect(localTime("2030-05-01T23:30:00Z")).toBe("2030-05-02 08:30:00");
    expect(minuteOf("2030-05-02", 8 * 60 + 30)).toBe("2030-05-01T23:30:00Z");
  });

  test("sees a room open until two at night", () => {
    // Thursday's hours, 9 to 17 in UTC, are 18 to 2 there.
    const open = openWithin(NINE_TO_FIVE, stretchOf("2030-05-03"));
    expect(open.map(({ start, end }) => [localTime(start), localTime(end)])).toEqual([
      ["2030-05-02 18:00:00", "2030-05-03 02:00:00"],
      ["2030-05-03 18:00:00", "2030-05-04 02:00:00"],
    ]);
  });

  test("is told the UTC time, too", () => {
    expect(utcRange({ start: "2030-05-01T23:30:00Z", end: "2030-05-02T00:30:00Z" })).toBe(
      "2030-05-01 23:30–2030-05-02 00:30 UTC",
    );
  });
});

test("what an address names as a day must be one", () => {
  expect(dayFrom("2030-05-01")).toBe("2030-05-01");
  for (const text of [null, "", "2030-5-1", "2030-02-31", "tomorrow"]) expect(dayFrom(text)).toBe(today());
});

test("stretches that touch do not overlap", () => {
  const morning = { start: "2030-05-01T09:00:00Z", end: "2030-05-01T10:00:00Z" };
  expect(overlap(morning, { start: "2030-05-01T10:00:00Z", end: "2030-05-01T11:00:00Z" })).toBe(false);
  expect(overlap(morning, { start: "2030-05-01T09:59:00Z", end: "2030-05-01T11:00:00Z" })).toBe(true);
});

test("a room is closed around its hours, and all the time without any", () => {
  const day = { start: "2030-05-01T00:00:00Z", end: "2030-05-02T00:00:00Z" };
  expect(closedWithin(NINE_TO_FIVE, day)).toEqual([
    { start: "2030-05-01T00:00:00Z", end: "2030-05-01T09:00:00Z" },
    { start: "2030-05-01T17:00:00Z", end: "2030-05-02T00:00:00Z" },
  ]);
  expect(closedWithin(null, day)).toEqual([day]);
});

test("a room is open only within the hours of one day", () => {
  expect(isOpen(NINE_TO_FIVE, { start: "2030-05-01T09:00:00Z", end: "2030-05-01T17:00:00Z" })).toBe(true);
  expect(isOpen(NINE_TO_FIVE, { start: "2030-05-01T16:45:00Z", end: "2030-05-01T17:15:00Z" })).toBe(false);
  expect(isOpen(NINE_TO_FIVE, { start: "2030-05-04T10:00:00Z", end: "2030-05-04T11:00:00Z" })).toBe(false);
});

test("slots are half hours that follow from opening time", () => {
  expect(isSlot(NINE_TO_FIVE, { start: "2030-05-01T09:30:00Z", end: "2030-05-01T10:00:00Z" })).toBe(true);
  expect(isSlot(NINE_TO_FIVE, { start: "2030-05-01T09:15:00Z", end: "2030-05-01T09:45:00Z" })).toBe(false);
  expect(isSlot(NINE_TO_FIVE, { start: "2030-05-01T09:00:00Z", end: "2030-05-01T10:00:00Z" })).toBe(false);
});

test("hours make as many slots as fit whole", () => {
  expect(slotsOf({ startTime: "09:00", endTime: "10:45" })).toEqual(["09:00", "09:30", "10:00"]);
  expect(slotsOf({ startTime: "23:00", endTime: "23:59" })).toEqual(["23:00"]);
  expect(slotsOf({ startTime: "09:00", endTime: "09:00" })).toEqual([]);
});
