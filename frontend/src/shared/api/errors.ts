/** Words for a refusal: the app's, if it has any for the code, or the server's. */
import i18next from "i18next";
import { ApiError } from "./client";

export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return i18next.t("errors.INTERNAL_ERROR");
  const key = `errors.${error.code}` as "errors.INTERNAL_ERROR";
  const isKnown: boolean = i18next.exists(key);
  // The server's words are in the language that was asked for.
  return isKnown ? i18next.t(key) : error.message;
}

/** What is wrong with a form's fields, in the server's words. */
export function fieldErrors(error: unknown): Record<string, string> {
  return error instanceof ApiError ? error.fields : {};
}

/** For a form: its fields tell themselves; the rest is told once. */
export function formText(error: unknown, fields: readonly string[]): string | null {
  if (error === null || error === undefined) return null;
  const named = fieldErrors(error);
  const others = Object.entries(named).filter(([name]) => !fields.includes(name));
  if (Object.keys(named).length > 0 && others.length === 0) return null;
  return [errorText(error), ...others.map(([name, rule]) => `${name}: ${rule}`)].join(" ");
}
