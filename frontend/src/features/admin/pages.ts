/** The admin's pages, loaded together when the first of them is wanted. */
export { AdminRoomsPage } from "./AdminRoomsPage";
export { AllBookingsPage } from "./AllBookingsPage";
export { UsersPage } from "./UsersPage";
