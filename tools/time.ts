// Times that a person gives.
import { wrongUsage } from "./exit.ts";

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** What --since says: 7d is so long ago; all else is a date, which the library takes as it is. */
export function sinceOf(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Date.now() - Number(count) * (UNIT_MS[unit] as number);
  if (Number.isNaN(Date.parse(text))) throw wrongUsage("--since takes a time, as 7d, 12h or 2026-11-21");
  return text;
}
