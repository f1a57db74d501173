import { describe, expect, test } from "vitest";
import { clock, stretchOf } from "@/shared/time";
import { inZone } from "@/shared/zones";
import { type Axis, axisOf, fromNow, minutesDragged, movedBy, pixelsAt, placeIn, SLOT_PIXELS } from "./axis";

function axisIn(zone: string, day: string): Axis {
  let found: Axis | undefined;
  inZone(zone, () => (found = axisOf(day)));
  if (found === undefined) throw new Error(zone);
  return found;
}

/** The hours that are written above a day, but for those that are as everywhere. */
function hoursIn(zone: string, day: string): string[] {
  return axisIn(zone, day).marks.map(({ time, offset }) => [time, offset].filter(Boolean).join(" "));
}

const DAYS: [string, string, number][] = [
  ["Europe/Berlin", "2027-07-01", 48],
  ["Europe/Berlin", "2027-10-31", 50],
  ["Europe/Berlin", "2027-03-28", 46],
  ["America/New_York", "2027-11-07", 50],
  ["Australia/Lord_Howe", "2027-04-04", 49],
  ["Australia/Lord_Howe", "2027-10-03", 47],
  ["America/St_Johns", "2027-03-14", 46],
  ["Pacific/Chatham", "2027-04-04", 50],
  ["Africa/Cairo", "2027-04-30", 46],
  ["America/Santiago", "2027-04-03", 50],
  ["Asia/Kolkata", "2027-10-31", 48],
];

describe.each(DAYS)("in %s on %s", (zone, day, halves) => {
  const { within, width, slots, marks } = axisIn(zone, day);

  test("every half hour is as wide as any other and touches the next", () => {
    expect(slots).toHaveLength(halves);
    expect(width).toBe(halves * SLOT_PIXELS);
    slots.forEach((slot, index) => expect(placeIn(within, slot)).toEqual({ left: index * SLOT_PIXELS, width: SLOT_PIXELS }));
  });

  test("half hours have names that differ", () => {
    expect(new Set(slots.map(({ label }) => label)).size).toBe(halves);
  });

  test("the hours cover the day, and stand where they are", () => {
    inZone(zone, () => {
      expect(marks.reduce((sum, mark) => sum + mark.width, 0)).toBe(width);
      for (const { left, time } of marks) expect(clock(slots[left / SLOT_PIXELS]?.start ?? "").slice(0, 5)).toBe(time);
    });
  });
});

test("hours that come twice are both written, and told apart", () => {
  expect(hoursIn("Europe/Berlin", "2027-10-31").slice(0, 5)).toEqual(["00:00", "01:00", "02:00 UTC+2", "02:00 UTC+1", "03:00"]);
  expect(hoursIn("America/New_York", "2027-11-07").slice(0, 4)).toEqual(["00:00", "01:00 UTC−4", "01:00 UTC−5", "02:00"]);
  expect(hoursIn("Australia/Lord_Howe", "2027-04-04").slice(0, 4)).toEqual(["00:00", "01:00", "01:30 UTC+10:30", "02:00"]);
  expect(hoursIn("America/Santiago", "2027-04-03").slice(-2)).toEqual(["23:00 UTC−3", "23:00 UTC−4"]);
  expect(hoursIn("America/Havana", "2027-11-07").slice(0, 3)).toEqual(["00:00 UTC−4", "00:00 UTC−5", "01:00"]);
});

test("hours that do not exist are not written", () => {
  expect(hoursIn("Europe/Berlin", "2027-03-28").slice(0, 4)).toEqual(["00:00", "01:00", "03:00", "04:00"]);
  expect(hoursIn("Australia/Lord_Howe", "2027-10-03").slice(0, 4)).toEqual(["00:00", "01:00", "02:30", "03:00"]);
  expect(hoursIn("Africa/Cairo", "2027-04-30").slice(0, 2)).toEqual(["01:00", "02:00"]);
  expect(hoursIn("America/Santiago", "2027-09-05")[0]).toBe("01:00");
});

test("a zone with a half hour of its own has full hours like any other", () => {
  expect(hoursIn("Asia/Kolkata", "2027-10-31")).toHaveLength(24);
});

test("what begins in the hour that comes twice is drawn once and whole", () => {
  const { within } = axisIn("Europe/Berlin", "2027-10-31");
  expect(placeIn(within, { start: "2027-10-31T00:30:00Z", end: "2027-10-31T01:15:00Z" })).toEqual({ left: 5 * SLOT_PIXELS, width: 1.5 * SLOT_PIXELS });
  expect(pixelsAt(within, "2027-10-31T11:00:00Z")).toBe(26 * SLOT_PIXELS);
});

test("what is longer than the day ends at its edges", () => {
  const { within, width } = axisIn("Europe/Berlin", "2027-03-28");
  expect(placeIn(within, { start: "2027-03-01T00:00:00Z", end: "2027-04-01T00:00:00Z" })).toEqual({ left: 0, width });
});

test("what is dragged moves by as far, in half hours, over a clock change too", () => {
  expect([0, 20, 23, -23, 88, -500].map(minutesDragged)).toEqual([0, 0, 30, -30, 60, -330]);
  const evening = { start: "2027-10-30T23:40:00Z", end: "2027-10-31T00:10:00Z" };
  expect(movedBy(evening, 120)).toEqual({ start: "2027-10-31T01:40:00Z", end: "2027-10-31T02:10:00Z" });
});

test("of the running half hour the rest is picked, of any other all", () => {
  const half = { start: "2030-05-01T10:00:00Z", end: "2030-05-01T10:30:00Z" };
  expect(fromNow(half, "2030-05-01T10:10:20.500Z")).toEqual({ ...half, start: "2030-05-01T10:11:00Z" });
  expect(fromNow({ ...half, end: "2030-05-01T12:00:00Z" }, "2030-05-01T10:10:00Z")).toMatchObject({ start: "2030-05-01T10:10:00Z" });
  for (const now of ["2030-05-01T09:59:59Z", "2030-05-01T10:00:00Z", "2030-05-01T10:29:30Z", "2030-05-01T11:00:00Z"]) {
    expect(fromNow(half, now)).toEqual(half);
  }
});

test("a day of hours in UTC is the viewer's", () => {
  inZone("UTC", () => expect(stretchOf("2027-10-31")).toEqual({ start: "2027-10-31T00:00:00Z", end: "2027-11-01T00:00:00Z" }));
});
