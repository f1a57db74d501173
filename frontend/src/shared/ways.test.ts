import { expect, test } from "vitest";
import { nextIn, pathWith, signInPath } from "./ways";

test.each(["/events/5", "/events?q=jazz&x=1", "/?day=2030-05-01&q=a+b", "/bookings"])("%s is found again", (path) => {
  const address = signInPath(path);
  expect(nextIn(new URL(address, "http://x").search)).toBe(path);
  expect(nextIn(new URL(pathWith("/register", path), "http://x").search)).toBe(path);
});

test("the board needs no mention", () => expect(signInPath("/")).toBe("/sign-in"));

test.each(["//evil.example", "/\\\\evil.example", "https://evil.example", "javascript:alert(1)", ""])(
  "%j leads to no other site", (next) => expect(nextIn(`?${new URLSearchParams({ next }).toString()}`)).toBe("/"),
);
