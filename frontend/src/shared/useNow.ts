/** The time, as it goes on. */
import { useEffect, useState } from "react";
import type { Moment } from "./time";

const TICK_MILLISECONDS = 10_000;

export function useNow(): Moment {
  const [now, setNow] = useState(() => new Date().toISOString());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date().toISOString()), TICK_MILLISECONDS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
