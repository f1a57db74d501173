/** What tables and their guests are called, in the viewer's language. */
import i18next from "i18next";

/** A number with perhaps a letter, as on a table's sign: "5", "12b", "A3", "№ 7", "5–6". It says nothing alone. */
const IS_SIGN = /^(?=.*\p{N})[\p{L}\p{N}\p{P}\p{S}\s]{1,8}$/u;
const WORD = /\p{L}{3,}/u;

export function tableName(name: string): string {
  const isSign = IS_SIGN.test(name) && !WORD.test(name);
  return isSign ? i18next.t("table.called", { name }) : name;
}

/** Guests who came without a reservation have no name. They are stored by this one, in whatever language. */
export const WALK_IN = "Walk-in";
/** As they were stored before. */
const WALK_INS: readonly string[] = [WALK_IN, "Без брони"];

export function guestName(name: string): string {
  return WALK_INS.includes(name) ? i18next.t("walkIn.name") : name;
}
