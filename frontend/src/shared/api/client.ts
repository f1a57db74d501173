/** The API's client: typed by our OpenAPI, with the token, the language, and one kind of error. */
import createClient, { type Middleware } from "openapi-fetch";
import { takeEarly } from "@/shared/early";
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

export const api = createClient<paths>({ baseUrl: "", fetch: (request) => takeEarly(request) ?? fetch(request) });
api.use(headers);

/** The answer's data. Throws an `ApiError`. */
export async function data<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const answer = await asked;
  if (answer.response.ok) return answer.data as T;
  throw errorOf(answer.error, answer.response.status);
}

function errorOf(body: unknown, status: number): ApiError {
  const told = (body as Partial<Schemas["ErrorResponse"]> | undefined)?.error;
  if (told === undefined) return new ApiError(status === 502 || status === 504 ? OFFLINE : "INTERNAL_ERROR", "", {}, status);
  const fields = (told.details?.["fields"] ?? {}) as Record<string, string>;
  return new ApiError(told.code, told.message, fields, status, told.details ?? {});
}

/** A name for one wish, so that asking twice does it once. `crypto.randomUUID` is not there on plain http. */
export function wishKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Too slow, and too many: neither says what became of the wish. */
const UNDECIDED = new Set([408, 429]);

/** Whether the server has decided. If not, the answer may have been lost, and the same key must be used again. */
export function isDecided(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && !UNDECIDED.has(error.status);
}

/**
 * What one form sends: the same contents keep their key until the server has decided, so whoever sends them again
 * after an outage does it once.
 */
export class Wishes {
  private contents = "";
  private key = "";

  async send<T>(contents: unknown, how: (key: string) => Promise<T>): Promise<T> {
    const text = JSON.stringify(contents);
    if (text !== this.contents) {
      this.contents = text;
      this.key = wishKey();
    }
    try {
      const answer = await how(this.key);
      this.contents = "";
      return answer;
    } catch (error) {
      if (isDecided(error)) this.contents = "";
      throw error;
    }
  }
}
