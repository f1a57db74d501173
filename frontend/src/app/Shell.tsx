/** Around every page: where one can go, who one is, how it looks, and whether the server is heard. */
import {
  ActionIcon, Anchor, AppShell, Box, Burger, Button, Group, Menu, Text, UnstyledButton,
  useComputedColorScheme, useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink as RouterLink, useLocation, useNavigate } from "react-router";
import { choose, language } from "@/shared/i18n";
import { useLive } from "@/shared/live/live";
import { signOut } from "@/shared/session";
import { signInPath, useHere } from "@/shared/ways";
import { IconAlert, IconDoor, IconMoon, IconSun, IconUser } from "@/shared/ui/icons";
import { Loading } from "@/shared/ui/states";
import { useUser } from "@/shared/user";
import { Boundary } from "./Broken";
import classes from "./Shell.module.css";

const PAGES = [
  { to: "/", name: "nav.board" },
  { to: "/rooms", name: "nav.rooms" },
  { to: "/bookings", name: "nav.mine" },
  { to: "/events", name: "nav.events" },
  { to: "/floor", name: "nav.floor" },
] as const;
const ADMIN_PAGES = [
  { to: "/admin/rooms", name: "admin.rooms" },
  { to: "/admin/bookings", name: "admin.bookings" },
  { to: "/admin/tables", name: "admin.tables" },
  { to: "/admin/users", name: "admin.users" },
] as const;

export function Shell({ children }: { children: React.ReactNode }) {
  const { t } = useTranslation();
  const user = useUser();
  return (
    <AppShell header={{ height: 56 }} padding={{ base: "sm", sm: "md" }} className={classes.shell}>
      <SkipLink />
      <AppShell.Header className={classes.header}>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <PageMenu isAdmin={user.role === "admin"} />
            <Logo />
            <Group component="nav" gap={4} ms="md" visibleFrom="lg" aria-label={t("nav.pages")} wrap="nowrap">
              {PAGES.map(({ to, name }) => (
                <RouterLink key={to} to={to} end={to === "/"} className={classes["link"] ?? ""}>
                  {t(name)}
                </RouterLink>
              ))}
              {user.role === "admin" && <AdminMenu />}
            </Group>
          </Group>
          <Group gap={4} wrap="nowrap">
            <Looks />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main ?? ""}>
        <Banner />
        <Page>{children}</Page>
      </AppShell.Main>
    </AppShell>
  );
}

/** For pages before one is signed in. */
export function Plain({ children, isVisited = false }: { children: React.ReactNode; isVisited?: boolean }) {
  const { t } = useTranslation();
  const here = useHere();
  return (
    <AppShell header={{ height: 56 }} padding="md">
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between">
          <Logo />
          <Group gap={4} wrap="nowrap">
            <Looks />
            {isVisited && (
              <Button size="compact-md" component={Link} to={signInPath(here)}>
                {t("account.signIn")}
              </Button>
            )}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main ?? ""}>
        {isVisited && <Banner />}
        <Page>{children}</Page>
      </AppShell.Main>
    </AppShell>
  );
}

/** A page's parts arrive when it is first gone to. */
function Page({ children }: { children: React.ReactNode }) {
  const { pathname } = useLocation();
  return (
    <Boundary at={pathname}>
      <Suspense fallback={<Loading />}>{children}</Suspense>
    </Boundary>
  );
}

/** Where there is no room for all pages beside each other. */
function PageMenu({ isAdmin }: { isAdmin: boolean }) {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure();
  return (
    <Menu opened={isOpen} onChange={toggle} onClose={close} position="bottom-start" width={260} withinPortal>
      <Menu.Target>
        <Burger opened={isOpen} hiddenFrom="lg" size="sm" aria-label={t("nav.menu")} />
      </Menu.Target>
      <Menu.Dropdown>
        <PageLinks pages={PAGES} />
        {isAdmin && (
          <>
            <Menu.Divider />
            <Menu.Label>{t("nav.manage")}</Menu.Label>
            <PageLinks pages={ADMIN_PAGES} />
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function PageLinks({ pages }: { pages: typeof PAGES | typeof ADMIN_PAGES }) {
  const { t } = useTranslation();
  return pages.map(({ to, name }) => (
    <Menu.Item key={to} component={RouterLink} to={to} end={to === "/"} className={classes.item ?? ""}>
      {t(name)}
    </Menu.Item>
  ));
}

/** What only admins do, as one: beside the other pages there is no room for each. */
function AdminMenu() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <Menu position="bottom-start" width={260} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.link ?? ""} data-current={pathname.startsWith("/admin") || undefined}>
          {t("nav.manage")} <span aria-hidden>▾</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <PageLinks pages={ADMIN_PAGES} />
      </Menu.Dropdown>
    </Menu>
  );
}

function Logo() {
  return (
    <Anchor component={Link} to="/" underline="never" c="inherit">
      <Group gap={8} wrap="nowrap">
        <img src="/app/favicon.svg" alt="" width={28} height={28} />
        <Text fw={700} component="span">
          Holdfast
        </Text>
      </Group>
    </Anchor>
  );
}

function Looks() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = language() === "ru" ? "en" : "ru";
  return (
    <>
      <Button variant="subtle" color="gray" c="inherit" size="compact-md" px={6} lang={other} aria-label={`${other.toUpperCase()}: ${t("looks.language")}`} onClick={() => void choose(other)}>
        {other.toUpperCase()}
      </Button>
      <ActionIcon
        variant="subtle"
        c="inherit"
        size={36}
        aria-label={t(scheme === "dark" ? "looks.light" : "looks.dark")}
        onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
      >
        {scheme === "dark" ? <IconSun size={20} /> : <IconMoon size={20} />}
      </ActionIcon>
    </>
  );
}

function Account() {
  const { t } = useTranslation();
  const user = useUser();
  const navigate = useNavigate();
  const isDemo = user.email?.endsWith("@dummy.invalid") === true;
  const name = isDemo ? t(user.role === "admin" ? "account.demoAdmin" : "account.demoUser") : (user.email ?? user.id);
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.account} aria-label={t("nav.account", { name })}>
          <IconUser size={20} />
          <Box component="span" visibleFrom="sm" className={classes.name}>
            {name}
          </Box>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{name}</Menu.Label>
        <Menu.Item onClick={() => void navigate(`/people/${user.id}`)}>{t("nav.statistics")}</Menu.Item>
        {!isDemo && <Menu.Item onClick={() => void navigate("/password")}>{t("account.changePassword")}</Menu.Item>}
        <Menu.Item leftSection={<IconDoor />} onClick={signOut}>
          {t("account.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Banner() {
  const { t } = useTranslation();
  const { isStale } = useLive();
  return (
    <div role="status">
      {isStale && (
        <Group className={classes.banner} gap="xs" wrap="nowrap">
          <IconAlert size={20} />
          {t("state.reconnecting")}
        </Group>
      )}
    </div>
  );
}

function SkipLink() {
  const { t } = useTranslation();
  return (
    <a href="#main" className={classes.skip}>
      {t("nav.skip")}
    </a>
  );
}
