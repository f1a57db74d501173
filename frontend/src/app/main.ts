/** Starts the app: all of its parts and data are asked for at once, not one after the other. */
import { askEarly, TOKEN_KEY } from "@/shared/early";
import { CATALOGUES, LANGUAGE_KEY, startingLanguage } from "@/shared/i18n/catalogues";
import { CLUB, partAt, PARTS } from "./parts";

const language = startingLanguage(localStorage.getItem(LANGUAGE_KEY), navigator.languages);
askEarly(language);
const part = partAt(location.pathname, localStorage.getItem(TOKEN_KEY) !== null);
// What fails here is asked for again by whoever needs it, and told there.
void Promise.allSettled([
  CATALOGUES[language].core(), ...(CLUB.includes(part) ? [CATALOGUES[language].club()] : []), PARTS[part](),
]);
void import("./start").then(({ start }) => start());
