/** The app's words, in Russian and English. No text for people stands anywhere else. */
import dayjs from "dayjs";
import "dayjs/locale/ru";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { CATALOGUES, type Language, LANGUAGE_KEY, type Part, startingLanguage } from "./catalogues";
import type club from "./club.en.json";
import type en from "./en.json";

const wantedParts = new Set<Part>(["core"]);

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en & typeof club };
  }
}

export function language(): Language {
  return i18next.language === "ru" ? "ru" : "en";
}

export async function choose(wanted: Language): Promise<void> {
  localStorage.setItem(LANGUAGE_KEY, wanted);
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
  const wanted = startingLanguage(localStorage.getItem(LANGUAGE_KEY), navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: wanted,
    resources: { [wanted]: { translation: (await CATALOGUES[wanted].core()).default } },
    fallbackLng: false,
    interpolation: { escapeValue: false },
  });
}
