import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import i18next from "i18next";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import clubEn from "./club.en.json";
import clubRu from "./club.ru.json";
import coreEn from "./en.json";
import { startingLanguage } from "./catalogues";
import coreRu from "./ru.json";

const en = { ...coreEn, ...clubEn };
const ru = { ...coreRu, ...clubRu };
const SOURCES = join(import.meta.dirname, "../..");
const SERVER = join(import.meta.dirname, "../../../../src/holdfast/http/messages");
const PLURAL = /_(one|few|many|other)$/;
/** Attributes that people read or hear. */
const SPOKEN = new Set(["label", "title", "placeholder", "aria-label", "alt", "description", "text", "action"]);

beforeAll(async () => {
  await i18next.init({ resources: { ru: { translation: ru }, en: { translation: en } }, lng: "ru" });
});

function keys(catalogue: object, path = ""): string[] {
  return Object.entries(catalogue).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "object" && value !== null ? keys(value, `${path}${name}.`) : [`${path}${name}`],
  );
}

const whole = (catalogue: object) => [...new Set(keys(catalogue).map((key) => key.replace(PLURAL, "")))].sort();

test("both languages have the same texts", () => {
  expect(whole(ru)).toEqual(whole(en));
});

test("no text is in two parts", () => {
  expect(Object.keys(coreEn).filter((name) => name in clubEn)).toEqual([]);
});

test("every text that counts has all of its language's plurals", () => {
  const counted = keys(en).filter((key) => key.endsWith("_other")).map((key) => key.slice(0, -"_other".length));
  for (const key of counted) {
    expect(keys(en)).toEqual(expect.arrayContaining([`${key}_one`, `${key}_other`]));
    expect(keys(ru)).toEqual(expect.arrayContaining(["one", "few", "many", "other"].map((form) => `${key}_${form}`)));
  }
});

test.each([[1, "1 место"], [2, "2 места"], [5, "5 мест"], [11, "11 мест"], [21, "21 место"], [102, "102 места"]])(
  "Russian counts %i as %s", (count, expected) => expect(i18next.t("room.seats", { count })).toBe(expected),
);

describe("every error code of the API", () => {
  const [server, russian] = ["en.toml", "ru.toml"].map(texts) as [Texts, Texts];

  test("is known", () => expect(Object.keys(server).length).toBeGreaterThan(20));

  // In the app's words, or else in the server's. A wrong password is told where it is entered.
  test.each(Object.keys(server).filter((code) => code !== "WRONG_PASSWORD"))("%s has a text in both languages", (code) => {
    const told = [{ ...russian, ...ru.errors }, { ...server, ...en.errors }].map((known: Texts) => known[code]);
    expect(told.every((text) => text !== undefined && text.length > 0)).toBe(true);
    expect(told[0]).not.toBe(told[1]);
  });
});

type Texts = Record<string, string>;

/** The texts of a catalogue of the server, by error. */
function texts(name: string): Texts {
  const toml = readFileSync(join(SERVER, name), "utf8");
  const section = toml.slice(toml.indexOf("[errors]"), toml.indexOf("[rules]"));
  return Object.fromEntries([...section.matchAll(/^([A-Z_]+) = "(.*)"$/gm)].map(([, code, text]) => [code ?? "", text ?? ""]));
}

test("no text for people stands outside of the catalogues", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tsx"));
  expect(files.flatMap((name) => strays(join(SOURCES, name)))).toEqual([]);
});

/** Words between tags, and in attributes that people read; the product's name is no word. */
function strays(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text.replace("Holdfast", ""))) found.push(node.text.trim());
    if (ts.isJsxAttribute(node) && SPOKEN.has(node.name.getText()) && node.initializer && ts.isStringLiteral(node.initializer)) {
      if (/\p{L}/u.test(node.initializer.text)) found.push(node.initializer.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test("the first language of the browser that we speak counts, unless one was chosen", () => {
  expect(startingLanguage(null, ["de-DE", "ru-RU", "en-US"])).toBe("ru");
  expect(startingLanguage("en", ["ru-RU"])).toBe("en");
  expect(startingLanguage(null, ["de-DE"])).toBe("en");
  expect(startingLanguage("tlh", ["ru"])).toBe("ru");
});
