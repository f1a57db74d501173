/** The page of one person. */
export { PersonPage } from "./PersonPage";
