// Stores whose logs are overwritten by older copies, or by what only looks like that.
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Store, StoreOptions, StoreWarning, VerifyProblem } from "../../lib/index.ts";
import { collect } from "./stores.ts";
import type { Stores } from "./stores.ts";

export interface Watched {
  readonly store: Store<any, any>;
  readonly warnings: StoreWarning[];
}

export async function open(stores: Stores, directory: string, options?: StoreOptions): Promise<Watched> {
  const store = await stores.open(options, directory);
  const warnings: StoreWarning[] = [];
  store.on("warning", (warning) => warnings.push(warning));
  return { store, warnings };
}

/** Messages that make a log short, or long enough for an index of its own. */
export const SIZES = { short: 10, long: 1500 };

export async function append(store: Store<any, any>, size: number, from: string): Promise<string[]> {
  const session = store.session("s", { create: true });
  const text = "what was said ".repeat(size);
  for (let n = 0; n < 20; n++) await session.append({ id: `${from}-${n}`, text });
  await settle(store);
  return Array.from({ length: 20 }, (_, n) => `${from}-${n}`);
}

/** What was written a moment ago would be written again, to whatever file stands there: it is looked after now. */
export async function settle(store: Store<any, any>): Promise<void> {
  await store.session("s").sync();
}

export async function ids(store: Store<any, any>): Promise<string[]> {
  return (await store.session("s").history()).map(({ id }) => id);
}

export function codes(warnings: readonly StoreWarning[]): string[] {
  return warnings.map(({ code }) => code).filter((code) => code !== "size");
}

export async function found(store: Store<any, any>): Promise<VerifyProblem[]> {
  return (await collect(store.verify())).filter(({ code }) => code === "rolled-back");
}

/** In the place of a file comes another one, as rsync, cp and a restored backup do it: a new file, or the same one. */
export const WAYS = {
  "another file": (from: string, to: string): void => {
    copyFileSync(from, `${to}.tmp`);
    renameSync(`${to}.tmp`, to);
  },
  "the same file": (from: string, to: string): void => writeFileSync(to, readFileSync(from)),
} as const;

/** LC_ALL=C sort -u of two logs, in the place of the first. */
export function uniteInto(log: string, other: string): void {
  const lines = new Set([log, other].flatMap((path) => readFileSync(path, "latin1").split("\n").filter(Boolean)));
  writeFileSync(
    `${log}.tmp`,
    [...lines]
      .sort()
      .map((line) => `${line}\n`)
      .join(""),
    "latin1",
  );
  renameSync(`${log}.tmp`, log);
}

export function writersOf(path: string): Set<string> {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return new Set(lines.map((line) => (JSON.parse(line) as { at: string }).at.slice(-8)));
}
