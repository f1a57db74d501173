/** The restaurant's pages, loaded together when the first of them is wanted. */
export { FloorPage } from "./FloorPage";
export { TablesPage } from "./TablesPage";
