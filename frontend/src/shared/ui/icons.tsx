/** The app's few pictures, as lines on a grid of 24. They only accompany words, so screen readers skip them. */
function icon(path: string) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg aria-hidden width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={2}
        strokeLinecap="round" strokeLinejoin="round" style={{ flex: "none" }}>
        <path d={path} />
      </svg>
    );
  };
}

export const IconCalendarCheck = icon("M4 6h16v14H4zM4 10h16M8 3v4M16 3v4M9 15l2 2 4-4");
export const IconLock = icon("M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3");
export const IconClock = icon("M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l3 2");
export const IconTrash = icon("M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13");
export const IconLeft = icon("M15 5l-7 7 7 7");
export const IconRight = icon("M9 5l7 7-7 7");
export const IconPlus = icon("M12 5v14M5 12h14");
export const IconSearch = icon("M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5L20 20");
export const IconUsers = icon("M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M3 20c0-4 3-6 6-6s6 2 6 6M16 5.5a3 3 0 0 1 0 6M18 14.5c2 .7 3 2.500 3 5.500");
export const IconVideo = icon("M3 7h12v10H3zM15 11l6-3v8l-6-3");
export const IconPrinter = icon("M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z");
export const IconSun = icon("M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5");
export const IconMoon = icon("M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500");
export const IconUser = icon("M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21c0-4.500 4-6.500 8-6.500s8 2 8 6.500");
export const IconDoor = icon("M5 21V3h11v18M3 21h18M13 12h.01");
export const IconAlert = icon("M12 4L2.500 20h19zM12 10v4M12 17h.01");
export const IconMove = icon("M4 12h16M15 7l5 5-5 5");
export const IconCopy = icon("M8 8h12v12H8zM4 16V4h12");
