import { expect, test } from "vitest";
import { pathsFor } from "./early";
import { stretchOf, today } from "./time";

const boardOf = (day: string): string => {
  const { start, end } = stretchOf(day);
  return `/board?from=${encodeURIComponent(start)}&to=${encodeURIComponent(end)}`;
};

test.each(["/app", "/app/", "/app/rooms", "/app/rooms/x", "/app/admin/rooms"])("%s asks for today's board at once", (pathname) =>
  expect(pathsFor({ pathname, search: "" })).toEqual(["/me", boardOf(today())]),
);

test("a board of another day asks for that day", () =>
  expect(pathsFor({ pathname: "/app/", search: "?day=2030-05-01&q=x" })).toEqual(["/me", boardOf("2030-05-01")]));

test.each(["", "2030-5-1", "nonsense"])("a day such as %j is today", (day) =>
  expect(pathsFor({ pathname: "/app/", search: `?day=${day}` })).toEqual(["/me", boardOf(today())]),
);

test.each(["/app/bookings", "/app/events/5", "/app/floor", "/app/admin/users"])("%s needs no board", (pathname) =>
  expect(pathsFor({ pathname, search: "" })).toEqual(["/me"]),
);
