/** The pages of rooms and of what one holds of them, loaded together when the first of them is wanted. */
export { MyBookingsPage } from "./MyBookingsPage";
export { RoomPage } from "./RoomPage";
export { RoomsPage } from "./RoomsPage";
