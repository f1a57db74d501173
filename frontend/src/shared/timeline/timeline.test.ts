import { expect, test } from "vitest";
import { changedByOthers, type Item, scrollTime, traces } from "./timeline";

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
  const within = { start: "2030-05-01T00:00:00Z", end: "2030-05-02T00:00:00Z" };
  const row = (opening: string) => ({ id: opening, label: "", closed: [{ start: within.start, end: `2030-05-01T${opening}:00Z` }] });
  const now = "2030-04-01T12:00:00Z";
  const hour = new Date("2030-05-01T07:30:00Z").getHours();
  expect(scrollTime([row("09:30"), row("07:30")], within, now)).toBe(`${String(hour).padStart(2, "0")}:00:00`);
  expect(scrollTime([{ id: "x", label: "", closed: [within] }], within, now)).toBe("08:00:00");
});
