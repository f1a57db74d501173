/** What all pages stand on: looks, words, the server's data, and the way from address to page. */
import { createTheme, type CSSVariablesResolver, MantineProvider } from "@mantine/core";
import { DatesProvider } from "@mantine/dates";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy } from "react";
import { useTranslation } from "react-i18next";
import { BrowserRouter, Route, Routes } from "react-router";
import { ApiError } from "@/shared/api/client";
import { addWords } from "@/shared/i18n";
import { LeavingProvider } from "@/shared/reservation/Leaving";
import { Toasts } from "@/shared/ui/toasts";
import { NotThere } from "./Broken";
import { AdminsOnly, Inside, SignedOut } from "./gates";
import { PARTS } from "./parts";

const theme = createTheme({
  primaryColor: "blue",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  cursorType: "pointer",
  components: { Modal: { defaultProps: { centered: true, transitionProps: { duration: 100 } } } },
});

/** The library's own quiet colours are too faint to read: 4.5 to 1 is what the eye needs. */
const contrasts: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": colors.gray[7],
    "--mantine-color-placeholder": colors.gray[7],
    "--mantine-color-error": colors.red[9],
  },
  dark: {
    "--mantine-color-dimmed": colors.dark[1],
    "--mantine-color-placeholder": colors.dark[1],
    "--mantine-color-error": colors.red[4],
  },
});

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What was refused is refused again; what did not arrive may arrive.
      retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      retryDelay: (attempt) => 500 * 2 ** attempt,
    },
  },
});

const { admin, account, rooms, board } = PARTS;
const BoardPage = lazy(async () => ({ default: (await board()).BoardPage }));
const RoomsPage = lazy(async () => ({ default: (await rooms()).RoomsPage }));
const RoomPage = lazy(async () => ({ default: (await rooms()).RoomPage }));
const MyBookingsPage = lazy(async () => ({ default: (await rooms()).MyBookingsPage }));
const SignInPage = lazy(async () => ({ default: (await account()).SignInPage }));
const RegisterPage = lazy(async () => ({ default: (await account()).RegisterPage }));
const PasswordPage = lazy(async () => ({ default: (await account()).PasswordPage }));
const AdminRoomsPage = lazy(async () => ({ default: (await admin()).AdminRoomsPage }));
const AllBookingsPage = lazy(async () => ({ default: (await admin()).AllBookingsPage }));
const UsersPage = lazy(async () => ({ default: (await admin()).UsersPage }));

const events = async () => (await Promise.all([PARTS.events(), addWords("club")]))[0];
const floor = async () => (await Promise.all([PARTS.floor(), addWords("club")]))[0];
const person = async () => (await Promise.all([PARTS.person(), addWords("club")]))[0];
const EventsPage = lazy(async () => ({ default: (await events()).EventsPage }));
const EventPage = lazy(async () => ({ default: (await events()).EventPage }));
const AttendeesPage = lazy(async () => ({ default: (await events()).AttendeesPage }));
const FloorPage = lazy(async () => ({ default: (await floor()).FloorPage }));
const TablesPage = lazy(async () => ({ default: (await floor()).TablesPage }));
const PersonPage = lazy(async () => ({ default: (await person()).PersonPage }));

function Pages() {
  return (
    <Routes>
      <Route element={<SignedOut />}>
        <Route path="sign-in" element={<SignInPage />} />
        <Route path="register" element={<RegisterPage />} />
      </Route>
      <Route element={<Inside />}>
        <Route index element={<BoardPage />} />
        <Route path="rooms" element={<RoomsPage />} />
        <Route path="rooms/:roomId" element={<RoomPage />} />
        <Route path="bookings" element={<MyBookingsPage />} />
        <Route path="events" element={<EventsPage />} />
        <Route path="events/:eventId" element={<EventPage />} />
        <Route path="floor" element={<FloorPage />} />
        <Route path="people/:userId" element={<PersonPage />} />
        <Route path="password" element={<PasswordPage />} />
        <Route path="admin" element={<AdminsOnly />}>
          <Route path="rooms" element={<AdminRoomsPage />} />
          <Route path="bookings" element={<AllBookingsPage />} />
          <Route path="users" element={<UsersPage />} />
          <Route path="events/:eventId" element={<AttendeesPage />} />
          <Route path="tables" element={<TablesPage />} />
        </Route>
        <Route path="*" element={<NotThere />} />
      </Route>
    </Routes>
  );
}

export function App() {
  const { i18n } = useTranslation();
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" cssVariablesResolver={contrasts}>
      <DatesProvider settings={{ locale: i18n.language, firstDayOfWeek: 1 }}>
        <QueryClientProvider client={client}>
          <LeavingProvider>
            <Toasts />
            <BrowserRouter basename="/app">
              <Pages />
            </BrowserRouter>
          </LeavingProvider>
        </QueryClientProvider>
      </DatesProvider>
    </MantineProvider>
  );
}
