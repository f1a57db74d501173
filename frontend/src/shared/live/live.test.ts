import { expect, test } from "vitest";
import { touched } from "./live";

test("a message says which queries are old", () => {
  expect(touched({ type: "reservation.created", place: undefined })).toContain("board");
  expect(touched({ type: "booking.cancelled", place: undefined })).toContain("mine");
  expect(touched({ type: "room.created", place: undefined })).toEqual(["board", "slots"]);
  expect(touched({ type: "event.created", place: undefined })).toEqual([]);
});
