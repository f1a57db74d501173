/** Which languages there are and where their words come from. Knows nothing else, so that it is there at once. */
export const LANGUAGES = ["ru", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
/** Words that every page needs, and those that only the pages of events, tables and people do. */
export type Part = "core" | "club";

export const LANGUAGE_KEY = "holdfast.language";

/** Only the language that is read is loaded. */
export const CATALOGUES: Record<Language, Record<Part, () => Promise<{ default: object }>>> = {
  ru: { core: () => import("./ru.json"), club: () => import("./club.ru.json") },
  en: { core: () => import("./en.json"), club: () => import("./club.en.json") },
};

/** What was chosen here before, else the first of the browser's languages that we speak, else English. */
export function startingLanguage(chosen: string | null, wanted: readonly string[]): Language {
  const known = (name: string | null | undefined): name is Language => LANGUAGES.some((each) => each === name);
  if (known(chosen)) return chosen;
  return wanted.map((each) => each.slice(0, 2).toLowerCase()).find(known) ?? "en";
}
