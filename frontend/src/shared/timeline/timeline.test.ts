import { expect, test } from "vitest";
import { clock, stretchOf } from "@/shared/time";
import { inZone } from "@/shared/zones";
import { changedByOthers, type Item, scrollStart, stateOf, traces } from "./timeline";

function item(id: string, start: string, kind: Item["kind"] = "taken"): Item {
  return { id, rowId: "blue", start: `2030-05-01T${start}:00Z`, end: "2030-05-01T18:00:00Z", kind, title: "", canMove: false };
}

test("what others made or moved is changed, what stayed is not", () => {
  const before = traces([item("a", "10:00"), item("b", "11:00")]);
  expect(changedByOthers(before, [item("a", "10:00"), item("b", "11:30"), item("c", "12:00")])).toEqual(["b", "c"]);
});

test("one's own changes do not flash", () => {
  expect(changedByOthers(new Map(), [item("a", "10:00", "mine"), item("b", "10:00", "waiting")])).toEqual([]);
});

test("another day begins when the first place opens", () => {
  const within = stretchOf("2030-05-01");
  const row = (opening: string) => ({ id: opening, label: "", closed: [{ start: within.start, end: `2030-05-01T${opening}:00Z` }] });
  const now = "2030-04-01T12:00:00Z";
  expect(scrollStart([row("09:30"), row("07:30")], "2030-05-01", now)).toBe("2030-05-01T07:00:00Z");
  expect(clock(scrollStart([{ id: "x", label: "", closed: [within] }], "2030-05-01", now))).toBe("08:00");
});

test("today begins an hour before now, which may be the same hour once more", () => {
  inZone("Europe/Berlin", () => {
    expect(scrollStart([], "2030-05-01", "2030-05-01T12:40:00Z")).toBe("2030-05-01T11:00:00Z");
    expect(scrollStart([], "2027-10-31", "2027-10-31T01:40:00Z")).toBe("2027-10-31T00:00:00Z");
    expect(scrollStart([], "2027-10-31", "2027-10-30T22:10:00Z")).toBe("2027-10-30T22:00:00Z");
  });
});

test("a half hour is free, taken, closed or past", () => {
  const closed = { start: "2030-05-01T00:00:00Z", end: "2030-05-01T09:00:00Z" };
  const row = { id: "blue", label: "Blue", closed: [closed] };
  const held = [item("a", "10:15")];
  const at = (start: string, end: string) =>
    stateOf(row, held, { start: `2030-05-01T${start}:00Z`, end: `2030-05-01T${end}:00Z` }, "2030-05-01T09:30:00Z");
  expect([at("08:30", "09:00"), at("09:00", "09:30"), at("09:30", "10:00"), at("10:00", "10:30")]).toEqual(["closed", "past", "free", "taken"]);
});
