// Times as people type them: how long ago, or a date.
import { wrongUsage } from "./exit.ts";

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** The time that --since names: 7d is so long ago, 2026-11-21 a date (UTC). */
export function sinceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Date.now() - Number(count) * (UNIT_MS[unit] as number);
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw wrongUsage("--since takes a time, as 7d, 12h or 2026-11-21");
  return time;
}
