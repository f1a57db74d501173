/** The dialogs, loaded when the first of them is opened, or when the browser has nothing better to do. */
import { lazy } from "react";

const load = () => import("./ItemDialog");
const loadReserve = () => import("./ReserveDialog");

export const ItemDialog = lazy(async () => ({ default: (await load()).ItemDialog }));
export const ReserveDialog = lazy(async () => ({ default: (await loadReserve()).ReserveDialog }));

setTimeout(() => void Promise.allSettled([load(), loadReserve()]), 2_000);
