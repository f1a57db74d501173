/** The app's words, in Russian and English. No text for people stands anywhere else. */
import dayjs from "dayjs";
import "dayjs/locale/ru";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type club from "./club.en.json";
import type en from "./en.json";

export const LANGUAGES = ["ru", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
const KEY = "holdfast.language";
/** What the first page needs, and what only the pages of events, tables and people do. */
type Part = "core" | "club";
/** Only the language that is read is loaded. */
const CATALOGUES: Record<Language, Record<Part, () => Promise<{ default: object }>>> = {
  ru: { core: () => import("./ru.json"), club: () => import("./club.ru.json") },
  en: { core: () => import("./en.json"), club: () => import("./club.en.json") },
};
const wantedParts = new Set<Part>(["core"]);

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en & typeof club };
  }
}

/** What was chosen here before, else the first of the browser's languages that we speak, else English. */
export function startingLanguage(chosen: string | null, wanted: readonly string[]): Language {
  const known = (name: string | null | undefined): name is Language => LANGUAGES.some((each) => each === name);
  if (known(chosen)) return chosen;
  return wanted.map((each) => each.slice(0, 2).toLowerCase()).find(known) ?? "en";
}

export function language(): Language {
  return i18next.language === "ru" ? "ru" : "en";
}

export async function choose(wanted: Language): Promise<void> {
  localStorage.setItem(KEY, wanted);
  await load(wanted);
  await i18next.changeLanguage(wanted);
}

/** Have the words of some pages before they are shown, and from then on in every language that is chosen. */
export async function addWords(part: Part): Promise<void> {
  wantedParts.add(part);
  await load(language());
}

async function load(wanted: Language): Promise<void> {
  const catalogues = await Promise.all([...wantedParts].map((part) => CATALOGUES[wanted][part]()));
  for (const { default: words } of catalogues) i18next.addResourceBundle(wanted, "translation", words, true);
}

export async function startLanguages(): Promise<void> {
  i18next.on("languageChanged", (now) => {
    document.documentElement.lang = now;
    dayjs.locale(now);
  });
  const wanted = startingLanguage(localStorage.getItem(KEY), navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: wanted,
    resources: { [wanted]: { translation: (await CATALOGUES[wanted].core()).default } },
    fallbackLng: false,
    interpolation: { escapeValue: false },
  });
}
