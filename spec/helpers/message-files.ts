// Messages that no tool wrote: the fixture's files, files made for one spec, and what a session says of them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../../lib/index.ts";
import type { Stores } from "./stores.ts";

export const FIXTURES = new URL("../../fixtures/import/messages", import.meta.url).pathname;

export function fixture(name: string): string {
  return join(FIXTURES, name);
}

export function read(name: string): any {
  return JSON.parse(readFileSync(fixture(name), "utf8"));
}

export function lines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

export async function said(store: Store<any, any>, id: string): Promise<unknown[]> {
  return (await store.session(id).history()).map(({ data }) => data);
}

/** A file with this text, or the JSON of anything else. -> its path */
export function fileWith(stores: Stores, name: string, content: unknown): string {
  const path = join(stores.unverified(), name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}
