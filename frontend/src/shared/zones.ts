/** Other viewers' zones, for tests. */

/** Runs something where the viewer's clock is that of a zone, as `Europe/Berlin`. */
export function inZone(zone: string, run: () => void): void {
  const before = process.env["TZ"];
  process.env["TZ"] = zone;
  try {
    run();
  } finally {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  }
}
