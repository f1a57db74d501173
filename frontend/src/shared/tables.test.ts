import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import clubEn from "./i18n/club.en.json";
import clubRu from "./i18n/club.ru.json";
import en from "./i18n/en.json";
import ru from "./i18n/ru.json";
import { guestName, tableName, WALK_IN } from "./tables";

beforeAll(async () => {
  const resources = { en: { translation: { ...en, ...clubEn } }, ru: { translation: { ...ru, ...clubRu } } };
  await i18next.init({ resources, lng: "en" });
});

test.each([["5", "Table 5"], ["12b", "Table 12b"], ["A3", "Table A3"], ["№ 7", "Table № 7"], ["5–6", "Table 5–6"], ["٣", "Table ٣"]])(
  "a table with the sign %s is called %s", (name, called) => expect(tableName(name)).toBe(called),
);

test.each(["By the window", "Table 5", "Столик 5", "VIP", "Bar 1", "Terrace 12"])("%s says what it is", (name) =>
  expect(tableName(name)).toBe(name),
);

test("who walked in is called so in the viewer's language, whatever the author's was", async () => {
  for (const stored of [WALK_IN, "Walk-in", "Без брони"]) expect(guestName(stored)).toBe("Walk-in");
  await i18next.changeLanguage("ru");
  for (const stored of [WALK_IN, "Walk-in", "Без брони"]) expect(guestName(stored)).toBe("Без брони");
  expect(guestName("Anna")).toBe("Anna");
  expect(tableName("5")).toBe("Столик 5");
  await i18next.changeLanguage("en");
});
