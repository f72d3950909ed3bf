// opencode's places for specs: copies of the fixture's file tree, and databases that are made of its statements.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sqlite from "node-sqlite3-wasm";
import type { Store } from "../../lib/index.ts";
import { importedOf } from "./imports.ts";
import type { Imported } from "./imports.ts";

export const OPENCODE = new URL("../../fixtures/import/opencode", import.meta.url).pathname;
/** What no store may ever have of it. */
export const SECRET = "secret-of-nobody";
/** The first session, which crosses the moment at which ids began anew; those of the tree, the database and the export. */
export const WRAP = "ses_000004ea7fffWrap0000000000";
export const CHILD = "ses_fe1d0dffffffChild000000000";
export const LOST = "ses_fc73559fffffLost0000000000";
export const OLD = "ses_873dce67ffffOld00000000000";
export const FORK = "ses_f9ea7457ffffFork0000000000";
export const GONE = "ses_f9980e97ffffGone0000000000";
export const SENT = "ses_f8f34317ffffSent0000000000";

/** What the first session says in the database, and what it said before that was reverted. */
export const KEPT: readonly string[] = [
  "Why is the spectrogram of wren.wav empty?",
  'Called the Read tool with the following input: {"filePath":"wren.png"}',
  "The recording is silent: 静かです 🐦.",
  "Then delete it, please.",
  "I will del",
  "The wren is silent, and was to be deleted.",
];
export const REVERTED: readonly string[] = ["Rather keep it.", "It is kept."];

/** The statements that make the fixture's database, tables first. */
export function statements(): string[] {
  return readFileSync(join(OPENCODE, "opencode.sql"), "utf8").trimEnd().split("\n").slice(1);
}

/** A database whose writer has closed it: all is in the one file. */
export function makeDatabase(path: string, lines: readonly string[]): void {
  const database = new sqlite.Database(path);
  try {
    database.exec(lines.join("\n"));
  } finally {
    database.close();
  }
}

/** Changes a database that was closed. */
export function changeDatabase(path: string, ...lines: string[]): void {
  makeDatabase(path, lines);
}

/** A database that is being written to, with a write-ahead log beside it, as opencode has it while it runs. */
export class RunningDatabase {
  readonly #database: InstanceType<typeof sqlite.Database>;

  constructor(path: string) {
    this.#database = new sqlite.Database(path);
    // Alone it needs no shared memory, which it does not know.
    this.#database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  }

  write(...lines: string[]): void {
    this.#database.exec(lines.join("\n"));
  }

  /** The log goes into the database, and begins anew at the next write. */
  checkpoint(): void {
    this.#database.all("PRAGMA wal_checkpoint(RESTART)");
  }

  close(): void {
    this.#database.close();
  }
}

/** A copy of the fixture's home of opencode, without a database. -> the directory */
export function copyTree(directory: string): string {
  const home = join(directory, "opencode");
  cpSync(join(OPENCODE, "files", "opencode"), home, { recursive: true });
  return home;
}

/** Changes a JSON file in place. */
export function changeJson(path: string, change: (value: any) => unknown): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
}

/**
 * What belongs to a whole message comes after its parts, and opencode writes a message's error when its parts are there. A source
 * that is cut anywhere can have them before.
 */
export async function importedFrom(store: Store<any, any>, id: string): Promise<Imported> {
  const { history, ...rest } = await importedOf(store, id);
  const isLast = ([part, data]: any): number => Number(part === "error" || data.type === "record");
  const inOrder = (parts: any[]): unknown[] =>
    parts.toSorted((a, b) => isLast(a) - isLast(b) || (isLast(a) === 1 ? (a[0] < b[0] ? -1 : 1) : 0));
  return { ...rest, history: history.map(([name, data, parts]: any) => [name, data, inOrder(parts)]) };
}

/** What is said in the history. */
export async function textsOf(store: Store<any, any>, id: string): Promise<string[]> {
  const history = await store.session(id).history();
  return history.flatMap(({ parts }) =>
    parts.filter(({ data }) => data.type === "text").map(({ data }) => data.text as string),
  );
}

/** A directory of opencode in this one, with a database made by these statements. */
export function homeWith(directory: string, lines: readonly string[] = statements()): string {
  const home = join(directory, "opencode");
  mkdirSync(home);
  makeDatabase(join(home, "opencode.db"), lines);
  return home;
}
