// Stores for specs, each in a directory of its own. After each spec every store is read by the second reader, and what
// that reads is compared with what the library answers; and verify() finds nothing wrong with it.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, expect } from "vitest";
import { openStore } from "../../lib/index.ts";
import type { SessionInfo, Store, StoreOptions } from "../../lib/index.ts";
import { readNaively } from "./naive-reader.ts";

export interface Stores {
  /** An empty directory. Stores in it are verified after the spec. */
  directory(): string;
  /** The same for stores that a spec damages on purpose: both readers read the same in them. */
  damaged(): string;
  /** A directory that is not looked at. */
  unverified(): string;
  /** An open store in its own directory, or in this one. Closed after the spec. */
  open<M extends object = any>(options?: StoreOptions, directory?: string): Promise<Store<M, any>>;
}

/** Where specs put their stores; set it to keep them. */
const kept = process.env["TURNLOG_SPEC_DIR"];

export function useStores(): Stores {
  const verified: string[] = [];
  const damaged: string[] = [];
  const others: string[] = [];
  const stores: Store<any, any>[] = [];
  const make = (list: string[]): string => {
    const directory = mkdtempSync(join(kept ?? tmpdir(), "turnlog-spec-"));
    list.push(directory);
    return directory;
  };
  afterEach(async () => {
    try {
      for (const store of stores.splice(0)) await store.close();
      for (const directory of verified) await verifyStores(directory);
      for (const directory of damaged) await verifyStores(directory, false);
    } finally {
      const directories = [...verified.splice(0), ...damaged.splice(0), ...others.splice(0)];
      if (kept === undefined) for (const directory of directories) rmSync(directory, { recursive: true, force: true });
    }
  });
  return {
    directory: () => make(verified),
    damaged: () => make(damaged),
    unverified: () => make(others),
    async open(options, directory) {
      const store = await openStore<any, any>(directory ?? make(verified), options);
      stores.push(store);
      return store;
    },
  };
}

/** Compares the library with the second reader, on every store in or at this directory. */
export async function verifyStores(directory: string, isSound = true): Promise<void> {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  const names = readdirSync(directory);
  if (!names.includes("turnlog.json")) {
    for (const name of names) await verifyStores(join(directory, name), isSound);
    return;
  }
  const naive = readNaively(directory);
  const store = await openStore<any, any>(directory);
  try {
    for (const [id, session] of naive) {
      const info = await store.get(id);
      if (session.deleted) {
        expect(info, `session ${id} is deleted`).toBeUndefined();
        continue;
      }
      if (info === undefined || "damaged" in info)
        throw new Error(`session ${id} cannot be read: ${JSON.stringify(info)}`);
      expect(givenInfo(info)).toEqual({ archived: false, ...session.info });
      expect(await store.session(id).history()).toEqual(session.history);
      expect(info.branches).toBe(session.tips.length + 1);
    }
    const listed = await collect(store.ids());
    const expected = [...naive].filter(([, session]) => !session.deleted).map(([id]) => id);
    expect(listed.toSorted()).toEqual(expected.toSorted());
    if (!isSound) return;
    // Two writers without a lease write in each other's past, and no harm is done.
    const problems = (await collect(store.verify())).filter(({ code }) => code !== "unsorted");
    expect(problems, directory).toEqual([]);
  } finally {
    await store.close();
  }
}

/** What was said of a session, without what is computed from its lines. */
function givenInfo(info: SessionInfo): Partial<SessionInfo> {
  const computed = new Set(["id", "createdAt", "updatedAt", "messages", "bytes", "branches", "machines", "tip"]);
  return Object.fromEntries(Object.entries(info).filter(([key]) => !computed.has(key)));
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The logs of a store, by their paths. */
export function logsOf(directory: string): Map<string, Buffer> {
  return new Map(filesIn(join(directory, "sessions")).map((path) => [path, readFileSync(path)]));
}

/** The paths of all files in a directory and those below it; none if there is none. */
export function filesIn(directory: string): string[] {
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

/** This machine's log of a session, in the first month that it has. */
export function logPath({ path, machine }: Store<any, any>, id: string): string {
  const months = join(path, "sessions", machine);
  return join(months, String(readdirSync(months)[0]), `${id}.jsonl`);
}

/** The one log of a store. */
export function onlyLog(directory: string): string {
  const [path, ...others] = logsOf(directory).keys();
  if (path === undefined || others.length > 0)
    throw new Error(`${others.length + Number(path !== undefined)} logs, not one`);
  return path;
}

/** The files of a store in which a text stands, packed ones unpacked. */
export function filesWith(directory: string, text: string): string[] {
  return filesIn(directory).filter((path) => {
    const bytes = readFileSync(path);
    return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).includes(text);
  });
}
