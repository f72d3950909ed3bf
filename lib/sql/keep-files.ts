// What an operation has written to a session's files, as rows. What was appended is inserted; a log that was replaced, or has
// another name, is written anew, since its lines lie elsewhere.
import { OLD_ENDING } from "../disk/names.ts";
import type { CatalogEntry } from "../indexes/catalog/entry.ts";
import { entryOf } from "../store/list/describe.ts";
import { PROMPT_MESSAGES } from "../store/list/prompt.ts";
import { decodeHead } from "../line/decode.ts";
import { refresh } from "../store/read/load.ts";
import type { SessionState } from "../store/session-state.ts";
import type { Writing } from "./database/database.ts";
import type { StoredLog, StoredSession } from "./database/stored.ts";
import type { FarFile, FarFiles } from "./far-files.ts";
import { linesOf, positionOf } from "./database/log-lines.ts";
import { isFree, isInTrash } from "./session-row.ts";

/** A log that is written anew is read and written in pieces of about this size. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** Lines that add to the history, and change nothing of it. */
const GROWING_TYPES: ReadonlySet<string> = new Set(["open", "message", "part"]);
const FREE: StoredLog = { machine: "", month: "", size: 0, generation: 0 };

/** A file that the database does not have as it is. */
interface Renewed {
  readonly path: string;
  readonly number: number;
  readonly bytes: Buffer;
}

/** -> what is to be done when the transaction is through */
export async function keepFiles(session: SessionState, files: FarFiles, tx: Writing): Promise<() => void> {
  const { name } = session;
  const { row: before, files: known } = files.of(name);
  const paths = files.pathsOf(name);
  // Nobody can be writing to an old log: the row of its session is locked.
  for (const path of paths.filter((each) => each.endsWith(OLD_ENDING))) files.vfs.remove(path);
  if (!files.isWritten(name)) return () => undefined;
  // What was written to a log that was replaced meanwhile is written to the new one, now and not while that is kept.
  session.writer?.endTurn();
  await refresh(session);
  const logs = [...(before?.logs ?? [])];
  const kept = new Map<string, FarFile>();
  const appended: FarFile[] = [];
  const gone: number[] = [];
  const renewed: Renewed[] = [];
  for (const [path, file] of known) {
    if (files.vfs.contentOf(path) === file.content) {
      kept.set(path, file);
      if (file.content.written.length > 0) appended.push(file);
      continue;
    }
    gone.push(file.number);
    logs[file.number] = FREE;
  }
  for (const path of files.pathsOf(name)) {
    if (kept.has(path)) continue;
    // Read before anything is removed: it may be a log that has another name now.
    const bytes = await bytesAt(files, path);
    const number = numberFor(logs, known.get(path)?.number);
    const generation = (before?.logs[number]?.generation ?? 0) + 1;
    logs[number] = files.logAt(path, bytes.length, generation);
    renewed.push({ path, number, bytes });
  }
  for (const { number, content } of appended) logs[number] = { ...(logs[number] as StoredLog), size: content.size };
  const grown = renewed.length === 0 && gone.length === 0 ? grownBy(appended) : undefined;
  const row = (grown && rowAfter(before, logs, grown)) ?? rowOf(session, before, logs, gone.length > 0);
  if (before === undefined) await tx.insert(row);
  else await tx.update(row);
  for (const number of gone) await tx.removeLines(positionOf(number, 0), positionOf(number + 1, 0));
  for (const { number, content } of appended)
    await tx.insertLines([...linesOf(content.written, number, content.stored)]);
  for (const { number, bytes } of renewed) await insertAll(tx, number, bytes);
  return () => {
    for (const { content } of appended) content.settle();
    for (const { path, number, bytes } of renewed) {
      const content = files.content(name, path, number, 0);
      content.write(bytes, bytes.length);
      content.settle();
      files.vfs.exchange(path, content);
      kept.set(path, { number, generation: (logs[number] as StoredLog).generation, content });
    }
    files.keep(name, { row, files: kept });
  };
}

async function bytesAt(files: FarFiles, path: string): Promise<Buffer> {
  const content = files.vfs.contentOf(path);
  const bytes = Buffer.allocUnsafe(content?.size ?? 0);
  if (content !== undefined) await content.readLater(bytes, 0, bytes.length, 0);
  return bytes;
}

/** That which the log at this path had; else one that no log has. */
function numberFor(logs: readonly StoredLog[], known: number | undefined): number {
  if (known !== undefined) return known;
  const free = logs.findIndex(isFree);
  return free === -1 ? logs.length : free;
}

async function insertAll(tx: Writing, number: number, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf("\n", Math.min(from + PIECE_BYTES, bytes.length));
    const end = newline === -1 ? bytes.length : newline + 1;
    await tx.insertLines([...linesOf(bytes.subarray(from, end), number, from)]);
    from = end;
  }
}

/** What came to a log at its end. */
interface Growth {
  readonly bytes: number;
  readonly messages: number;
  readonly hasParts: boolean;
  readonly last: string;
  /** The last message. */
  readonly tip: string | undefined;
}

/** Undefined: not in one log alone, or not only messages, and parts of them, that go on from the tip. */
function grownBy(appended: readonly FarFile[]): Growth | undefined {
  const [file, another] = appended;
  if (file === undefined || another !== undefined) return undefined;
  const { written, stored } = file.content;
  let messages = 0;
  let hasParts = false;
  let last: string | undefined;
  let tip: string | undefined;
  for (const { bytes, stamp } of linesOf(written, file.number, stored)) {
    const head = decodeHead(bytes, 0, bytes.length);
    if (head === undefined || !GROWING_TYPES.has(head.type) || (head.type === "message" && head.of !== undefined))
      return undefined;
    if (head.type === "message") {
      messages++;
      tip = stamp;
    }
    hasParts ||= head.type === "part";
    last = stamp;
  }
  return last === undefined ? undefined : { bytes: written.length, messages, hasParts, last, tip };
}

/**
 * What a listing shows when a session has only grown: counted on from what it showed, since to count all of its messages would
 * take each append longer than the one before. The row is locked, so nothing else has come. Undefined: all of it must be looked at.
 */
function rowAfter(
  before: StoredSession | undefined,
  logs: readonly StoredLog[],
  { bytes, messages, hasParts, last, tip }: Growth,
): StoredSession | undefined {
  if (before === undefined || before.kind === "deleted") return undefined;
  const { info } = before;
  const [counted, size] = [info["messages"], info["bytes"]];
  if (typeof counted !== "number" || typeof size !== "number") return undefined;
  // What came may be what the session is found by.
  const isNamed = info["title"] !== undefined || before.prompt !== undefined;
  if (!isNamed && (hasParts || counted < PROMPT_MESSAGES)) return undefined;
  const grown = { ...info, messages: counted + messages, bytes: size + bytes, ...(tip !== undefined && { tip }) };
  return { ...before, updated: last, info: grown, logs };
}

/** What a listing shows of it from now on, by all of its lines. */
function rowOf(
  session: SessionState,
  before: StoredSession | undefined,
  logs: readonly StoredLog[],
  isChanged: boolean,
): StoredSession {
  const { name, id, kind, updated, created, info: shown, prompt } = entryOf(session) as CatalogEntry;
  // A log that was replaced a moment ago may be among those that were read.
  const bytes = logs.filter(({ machine }) => machine !== "").reduce((sum, { size }) => sum + size, 0);
  const info = kind === "deleted" ? shown : { ...shown, bytes };
  return {
    name,
    id,
    kind: kind === "deleted" ? kind : "session",
    updated,
    created,
    info,
    prompt,
    logs,
    changes: (before?.changes ?? 0) + (isChanged ? 1 : 0),
    deletedMs: logs.some(isInTrash) ? before?.deletedMs || Date.now() : 0,
  };
}
