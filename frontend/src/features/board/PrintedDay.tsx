/** The day on paper: a timeline of 24 hours does not fit a page, a list does. Made only when printing begins. */
import { useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { clockRange, closedWithin, common, openWithin, type Stretch } from "@/shared/time";
import type { Room } from "@/shared/api/queries";
import type { Item } from "@/shared/timeline/timeline";
import classes from "./BoardPage.module.css";

interface Props {
  title: string;
  rooms: Room[];
  items: Item[];
  within: Stretch;
}

export function PrintedDay({ title, rooms, items, within }: Props) {
  const { t } = useTranslation();
  const isPrinting = useIsPrinting();
  if (!isPrinting) return null;
  const hours = (room: Room): string => opening(room, within)?.map(clockRange).join(", ") ?? t("print.always");
  return (
    <section className={classes.printed}>
      <h1>{title}</h1>
      <table>
        <thead>
          <tr>
            <th>{t("when.room")}</th>
            <th>{t("print.open")}</th>
            <th>{t("print.held")}</th>
          </tr>
        </thead>
        <tbody>
          {rooms.map((room) => (
            <tr key={room.id}>
              <th scope="row">{room.name}</th>
              <td>{hours(room) || t("print.closed")}</td>
              <td>
                {items
                  .filter(({ rowId }) => rowId === room.id)
                  .map((item) => `${clockRange(item)} ${item.title}`)
                  .join("; ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** When a room is open on this day; `null`: all of it. */
function opening(room: Room, within: Stretch): Stretch[] | null {
  if (room.isRetired) return [];
  if (closedWithin(room.hours, within).length === 0 || !room.isManaged) return null;
  return room.hours === null ? [] : openWithin(room.hours, within).map((open) => common(open, within));
}

function useIsPrinting(): boolean {
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    const media = matchMedia("print");
    const follow = (): void => flushSync(() => setPrinting(media.matches));
    const begin = (): void => flushSync(() => setPrinting(true));
    media.addEventListener("change", follow);
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", follow);
    return () => {
      media.removeEventListener("change", follow);
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", follow);
    };
  }, []);
  return isPrinting;
}
