/** The pages of events, loaded together when the first of them is wanted. */
export { AttendeesPage } from "./AttendeesPage";
export { EventPage } from "./EventPage";
export { EventsPage } from "./EventsPage";
