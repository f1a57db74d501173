import { expect, test } from "vitest";
import { ApiError, OFFLINE, Wishes } from "./client";

async function keyOf(wishes: Wishes, contents: unknown, error?: ApiError): Promise<string> {
  let used = "";
  await wishes
    .send(contents, (key) => {
      used = key;
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    })
    .catch(() => undefined);
  return used;
}

test.each([new ApiError(OFFLINE, ""), new ApiError("UNAVAILABLE", "", {}, 503), new ApiError("OUTCOME_UNKNOWN", "", {}, 503)])(
  "the same contents are sent again with the same key after $code",
  async (error) => {
    const wishes = new Wishes();
    const first = await keyOf(wishes, { name: "Attic" }, error);
    expect(await keyOf(wishes, { name: "Attic" })).toBe(first);
  },
);

test("other contents have another key", async () => {
  const wishes = new Wishes();
  const first = await keyOf(wishes, { name: "Attic" }, new ApiError(OFFLINE, ""));
  expect(await keyOf(wishes, { name: "Loft" })).not.toBe(first);
});

test("what was refused is asked anew, as refusals are remembered, too", async () => {
  const wishes = new Wishes();
  const first = await keyOf(wishes, { name: "Attic" }, new ApiError("TIME_CONFLICT", "", {}, 409));
  expect(await keyOf(wishes, { name: "Attic" })).not.toBe(first);
});
