import { beforeAll, describe, expect, test } from "vitest";
import {
  addDays, clock, clockRange, closedWithin, dayFrom, dayOf, isOpen, isSlot, localTime, minuteIn, minuteOf, minutesOf, momentsOf, openWithin,
  overlap, slotsOf, stretchOf, today, utcDates, utcRange,
} from "./time";
import { inZone } from "./zones";

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

/** Zones, days on which their clocks change, and how many minutes these have. */
const CHANGES: [zone: string, day: string, minutes: number][] = [
  ["Europe/Berlin", "2027-03-28", 23 * 60],
  ["Europe/Berlin", "2027-10-31", 25 * 60],
  ["Europe/London", "2027-10-31", 25 * 60],
  ["America/New_York", "2027-03-14", 23 * 60],
  ["America/New_York", "2027-11-07", 25 * 60],
  ["America/St_Johns", "2027-11-07", 25 * 60],
  ["Australia/Lord_Howe", "2027-04-04", 24 * 60 + 30],
  ["Australia/Lord_Howe", "2027-10-03", 23 * 60 + 30],
  ["Pacific/Chatham", "2027-04-04", 25 * 60],
  ["Antarctica/Troll", "2027-03-28", 22 * 60],
  ["Antarctica/Troll", "2027-10-31", 26 * 60],
  // Midnight itself is left out, or comes twice, or the last hour of a day does.
  ["Africa/Cairo", "2027-04-30", 23 * 60],
  ["Africa/Cairo", "2027-10-28", 25 * 60],
  ["America/Santiago", "2027-09-05", 23 * 60],
  ["America/Santiago", "2027-04-03", 25 * 60],
  ["America/Havana", "2027-11-07", 25 * 60],
  ["Atlantic/Azores", "2027-03-28", 23 * 60],
  ["Atlantic/Azores", "2027-10-31", 25 * 60],
  ["America/Nuuk", "2027-03-27", 23 * 60],
  ["America/Nuuk", "2027-10-30", 25 * 60],
  ["Asia/Kolkata", "2027-10-31", 24 * 60],
  ["UTC", "2027-10-31", 24 * 60],
];

describe.each(CHANGES)("in %s the day %s", (zone, day, minutes) => {
  test("has as long as it lasts, and touches the days around it", () => {
    inZone(zone, () => {
      const { start, end } = stretchOf(day);
      expect(minutesOf({ start, end })).toBe(minutes);
      expect([dayOf(start), dayOf(end)]).toEqual([day, addDays(day, 1)]);
      expect(dayOf(new Date(Date.parse(start) - 1).toISOString())).toBe(addDays(day, -1));
      expect(stretchOf(addDays(day, -1)).end).toBe(start);
      expect(dayFrom(day)).toBe(day);
    });
  });

  test("has each quarter of an hour once, by names that differ", () => {
    inZone(zone, () => {
      const found = momentsOf(day, 15);
      expect(found).toHaveLength(minutes / 15);
      expect(new Set(found.map(clock)).size).toBe(found.length);
      expect(found.every((at) => dayOf(at) === day)).toBe(true);
    });
  });

  test("finds a time of day again, where clocks show it once", () => {
    inZone(zone, () => {
      const once = momentsOf(day, 15).filter((at) => !clock(at).includes("UTC"));
      expect(once.map((at) => minuteOf(day, minuteIn(day, at)))).toEqual(once);
    });
  });
});

test("an hour that comes twice is told apart", () => {
  inZone("Europe/Berlin", () => {
    expect(clockRange({ start: "2027-10-31T00:30:00Z", end: "2027-10-31T01:15:00Z" })).toBe("02:30 (UTC+2)–02:15 (UTC+1)");
    expect(clockRange({ start: "2027-10-30T23:30:00Z", end: "2027-10-31T02:00:00Z" })).toBe("01:30–03:00");
    expect(clockRange({ start: "2027-03-28T00:30:00Z", end: "2027-03-28T01:30:00Z" })).toBe("01:30–03:30");
  });
  inZone("America/St_Johns", () => expect(clock("2027-11-07T03:45:00Z")).toBe("01:15 (UTC−2:30)"));
  inZone("Australia/Lord_Howe", () => {
    expect(clock("2027-04-03T14:45:00Z")).toBe("01:45 (UTC+11)");
    expect(clock("2027-04-03T15:15:00Z")).toBe("01:45 (UTC+10:30)");
    expect(clock("2027-04-03T15:30:00Z")).toBe("02:00");
  });
});

test("a time that clocks leave out becomes later by as much", () => {
  inZone("Europe/Berlin", () => expect(clock(minuteOf("2027-03-28", 150))).toBe("03:30"));
  inZone("America/Santiago", () => expect(clock(stretchOf("2027-09-05").start)).toBe("01:00"));
});
