// Stores with something to merge, and what is to be compared of them.
import { readFileSync, statSync } from "node:fs";
import { expect } from "vitest";
import type { MergeReport, Store } from "../../lib/index.ts";
import { filesIn, logPath, logsOf } from "./stores.ts";
import type { Stores } from "./stores.ts";

type Any = Store<any, any>;

/** The report of a merge that had nothing to do. */
export const NOTHING: MergeReport = {
  sessions: { new: 0, grown: 0, unchanged: 0 },
  logs: { created: 0, replaced: 0, united: 0, unchanged: 0 },
  lines: 0,
  messages: 0,
  bytes: 0,
  attachments: { count: 0, bytes: 0 },
  healed: [],
  problems: [],
};

/** A file of some 60 KB, as a message has it. */
export const PDF: string = `data:application/pdf;base64,${Buffer.from(`%PDF-1.7 ${"a fern, ".repeat(8000)}`).toString("base64")}`;

/** A store with a session "s" of three messages. */
export async function filled(stores: Stores, directory?: string): Promise<Any> {
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s", title: "first" });
  for (const id of ["a", "b", "c"]) await session.append({ id, text: `said ${id}` });
  return store;
}

/** The same logs, in another store. */
export async function merged(stores: Stores, ...sources: Any[]): Promise<Any> {
  const store = await stores.open();
  for (const { path } of sources) expect((await store.merge(path)).problems).toEqual([]);
  return store;
}

export async function idsIn(store: Any, session = "s"): Promise<string[]> {
  return (await store.session(session).history()).map(({ id }) => id);
}

/** The logs by their paths in the store, but for those that were replaced a moment ago. */
export function contents(store: Any): Record<string, string> {
  const logs = [...logsOf(store.path)].filter(([path]) => path.endsWith(".jsonl"));
  return Object.fromEntries(logs.map(([path, bytes]) => [path.slice(store.path.length), String(bytes)]));
}

/** All that a file system tells of a directory. */
export function traces(directory: string): Record<string, unknown> {
  return Object.fromEntries(
    filesIn(directory).map((path) => {
      const { ino, size, mtimeMs, ctimeMs } = statSync(path);
      return [path, [ino, size, mtimeMs, ctimeMs]];
    }),
  );
}

/** Where the log of a machine lies in another store. */
export function copyOf(store: Any, of: Any, id = "s"): string {
  return store.path + logPath(of, id).slice(of.path.length);
}

/** A line as another writer might have written it, by hand. */
export function otherLine(path: string, number: number, id: string): string {
  const line = readFileSync(path, "utf8").trimEnd().split("\n").at(number) as string;
  return `${line
    .replace(/-[a-z0-9]{8}"/, '-zzzzzzzz"')
    .replace(/,"crc":"[^"]*"/, "")
    .replace(/"id":"[abc]"/, `"id":"${id}"`)}\n`;
}
