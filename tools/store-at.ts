// A store by what somebody writes for it: a directory, or the URL of a database.
import { resolve } from "node:path";
import { openStore } from "../lib/index.ts";
import type { Store } from "../lib/index.ts";

const URL = /^(?:[a-z][a-z0-9+.-]*:\/\/|sqlite:)/i;

/** True for what names a database, and no directory. */
export function isDatabase(place: string): boolean {
  return URL.test(place);
}

/** A directory's path from the root on; a URL as it stands. */
export function placeOf(directory: string, given: string): string {
  return isDatabase(given) ? given : resolve(directory, given);
}

export async function openAt(place: string, options: { create: boolean }): Promise<Store> {
  if (!isDatabase(place)) return await openStore(place, options);
  const { openSqlStore } = await import("../lib/sql.ts");
  return await openSqlStore(place, options);
}
