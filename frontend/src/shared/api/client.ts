/** The API's client: typed by our OpenAPI, with the token, the language, and one kind of error. */
import createClient, { type Middleware } from "openapi-fetch";
import { language } from "@/shared/i18n";
import { setReachable } from "@/shared/reach";
import { expire, token } from "@/shared/session";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** What the API refused, or `OFFLINE` when there was no answer. `fields` says what is wrong with each field. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly status = 0,
    /** What the refusal tells besides, such as how many seats are booked. */
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export const OFFLINE = "OFFLINE";

const headers: Middleware = {
  onRequest({ request }) {
    const held = token();
    if (held !== null) request.headers.set("Authorization", `Bearer ${held}`);
    request.headers.set("Accept-Language", language());
    return request;
  },
  onResponse({ request, response }) {
    setReachable(true);
    const sent = request.headers.get("Authorization");
    if (response.status === 401 && sent !== null) expire(sent.slice("Bearer ".length));
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    setReachable(false);
    return new ApiError(OFFLINE, "");
  },
};

export const api = createClient<paths>({ baseUrl: "" });
api.use(headers);

/** The answer's data. Throws an `ApiError`. */
export async function data<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const answer = await asked;
  if (answer.response.ok) return answer.data as T;
  throw errorOf(answer.error, answer.response.status);
}

function errorOf(body: unknown, status: number): ApiError {
  const told = (body as Partial<Schemas["ErrorAnswer"]> | undefined)?.error;
  if (told === undefined) return new ApiError(status === 502 || status === 504 ? OFFLINE : "INTERNAL_ERROR", "", {}, status);
  const fields = (told.details?.["fields"] ?? {}) as Record<string, string>;
  return new ApiError(told.code, told.message, fields, status, told.details ?? {});
}

/** A name for one wish, so that asking twice does it once. `crypto.randomUUID` is not there on plain http. */
export function wishKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
