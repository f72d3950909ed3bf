// Other tools' files: the one place where an importer reads them, and never writes them. Only markMigrated renames.
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
} from "node:fs";
import { open, opendir } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { ArgumentError, errno, ioError, StoreError } from "../base/errors.ts";
import type { FilePrint } from "../store/import/imported-files.ts";
import { LineSplitter } from "./source-lines.ts";
import type { SourceLine } from "./source-lines.ts";
import { lookedAt, wasRead } from "./source-watches.ts";
import { unpack } from "./zstd.ts";

const CHUNK_BYTES = 1024 * 1024;
/** Thousands of files are short, or only their beginnings are looked at: room for more would cost more than reading them. */
const FIRST_CHUNK_BYTES = 64 * 1024;
const PEEK_BYTES = 256 * 1024;
/** What is kept whole is no longer. */
const MOST_BYTES = 32 * 1024 * 1024;
const MANY = 1024;
/** What tools keep passwords, tokens and keys in: in no directory is it seen, and by its name it is not read. */
const SECRET_FILE =
  /^(?:\.?credentials?|auth|auth-profiles?|oauth_creds|google_accounts|mcp-oauth-tokens(?:-v\d+)?|mcp-auth)\.json$|^\.env(?:\.|$)|\.(?:pem|key)$/i;
const SECRET_DIRECTORY = /^(?:credentials|session_share)$/i;

export function home(...names: string[]): string {
  return join(homedir(), ...names);
}

/** The directory that an environment variable names, or else another. */
export function directoryOf(variable: string, otherwise: string): string {
  const value = process.env[variable];
  return value === undefined || value.trim() === "" ? otherwise : value.replace(/^~(?=$|\/)/, homedir());
}

export function kindOf(path: string): "file" | "directory" | undefined {
  lookedAt(path);
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? "directory" : stat.isFile() ? "file" : undefined;
  } catch (error) {
    if (errno(error) === "ENOENT" || errno(error) === "ENOTDIR" || errno(error) === "ELOOP") return undefined;
    throw ioError(error, "look at the source", { path });
  }
}

/** The names in a directory, sorted: files, and directories that are not links. Secrets are not among them. */
export function namesIn(path: string): { files: string[]; directories: string[] } {
  lookedAt(path);
  try {
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    const isFile = (name: string): boolean => kindOf(join(path, name)) === "file";
    return {
      files: entries
        .filter((entry) => entry.isFile() || (entry.isSymbolicLink() && isFile(entry.name)))
        .map(nameOf)
        .filter((name) => !SECRET_FILE.test(name)),
      directories: entries
        .filter((entry) => entry.isDirectory())
        .map(nameOf)
        .filter((name) => !SECRET_DIRECTORY.test(name)),
    };
  } catch (error) {
    throw ioError(error, "read the source", { path });
  }
}

/** The names of the files (links too) or of the directories in a directory that may have very many; none if it is not there. */
export async function manyNamesIn(path: string, kind: "files" | "directories"): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(path, { bufferSize: MANY })) {
      const isMeant = kind === "directories" ? entry.isDirectory() : entry.isFile() || entry.isSymbolicLink();
      if (isMeant && !(kind === "files" && SECRET_FILE.test(entry.name))) names.push(entry.name);
    }
  } catch (error) {
    if (errno(error) !== "ENOENT" && errno(error) !== "ENOTDIR") throw ioError(error, "read the source", { path });
  }
  return names.sort();
}

/** When the file was last written, in ms. */
export function modifiedMs(path: string): number {
  lookedAt(path);
  try {
    return Math.trunc(statSync(path).mtimeMs);
  } catch (error) {
    throw ioError(error, "look at the source", { path });
  }
}

/** What a file shows without being read. Undefined: it is gone, or cannot be looked at. */
export function printOf(path: string): FilePrint | undefined {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    return { dev, ino, size, mtimeMs, ctimeMs };
  } catch {
    return undefined;
  }
}

/** The text of a whole file, which is one JSON value. */
export function textOf(path: string): string {
  return withoutBom(read(path).toString("utf8"));
}

/** The bytes of a whole file. DAMAGED: there are too many. */
export function bytesOf(path: string): Buffer {
  if (sizeOf(path) > MOST_BYTES)
    throw new StoreError("DAMAGED", `more than ${MOST_BYTES} bytes in one file: it is not kept`, { path });
  return read(path);
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw ioError(error, "look at the source", { path });
  }
}

function read(path: string): Buffer {
  checkNoSecret(path);
  lookedAt(path);
  try {
    const bytes = readFileSync(path);
    wasRead(path, bytes.length);
    return bytes;
  } catch (error) {
    throw ioError(error, "read the source", { path });
  }
}

/** The beginning of a file, to tell what it is. */
export function peek(path: string, most: number = PEEK_BYTES): string {
  checkNoSecret(path);
  lookedAt(path);
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.allocUnsafe(Math.min(most, fstatSync(file).size));
      return withoutBom(bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, 0)));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw ioError(error, "read the source", { path });
  }
}

/**
 * The lines of a file that are not blank, split at newlines alone, however long the file is. `.zst` is unpacked. `from`: the
 * offset at which a line of a plain file begins.
 */
export async function* linesOf(path: string, from = 0): AsyncGenerator<SourceLine> {
  for await (const lines of linesByChunk(path, from)) for (const line of lines) yield line;
}

/** The same, chunk by chunk: all lines of one are taken before the next one is asked for. */
export async function* linesByChunk(path: string, from = 0): AsyncGenerator<Iterable<SourceLine>> {
  const splitter = new LineSplitter(from);
  for await (const { bytes } of path.endsWith(".zst") ? unpacked(path) : chunksOf(path, from))
    yield splitter.feed(bytes);
  yield splitter.end();
}

async function* unpacked(path: string): AsyncGenerator<{ bytes: Uint8Array }> {
  try {
    for await (const bytes of unpack(chunksOf(path, 0))) yield { bytes };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("DAMAGED", `its compressed bytes are damaged: ${(error as Error).message}`, {
      path,
      cause: error,
    });
  }
}

/** A line that was read before, by where its bytes are. */
export function lineAt(path: string, offset: number, length: number): string {
  checkNoSecret(path);
  lookedAt(path);
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.allocUnsafe(length);
      let read = 0;
      for (let count = -1; read < length && count !== 0; read += count)
        count = readSync(file, bytes, read, length - read, offset + read);
      return withoutBom(bytes.toString("utf8", 0, read));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw ioError(error, "read the source", { path });
  }
}

/** A file's bytes from one on, chunk by chunk. */
export async function* chunksOf(path: string, from: number): AsyncGenerator<{ bytes: Buffer; offset: number }> {
  checkNoSecret(path);
  lookedAt(path);
  const file = await open(path, "r").catch((error: unknown) => {
    throw ioError(error, "read the source", { path });
  });
  try {
    // The next one is read while the last one is looked at.
    const read = async (into: Buffer, at: number): Promise<number> =>
      (await file.read(into, 0, into.length, at)).bytesRead;
    let chunk: Buffer = Buffer.allocUnsafe(FIRST_CHUNK_BYTES);
    let next: Buffer | undefined;
    let offset = from;
    let reading = read(chunk, offset);
    for (let count = await reading; count > 0; count = await reading) {
      const isShort = count < chunk.length;
      if (next === undefined || (next.length < CHUNK_BYTES && !isShort))
        next = Buffer.allocUnsafe(isShort ? FIRST_CHUNK_BYTES : CHUNK_BYTES);
      reading = read(next, offset + count);
      // It is waited for below, or not at all.
      reading.catch(() => undefined);
      yield { bytes: chunk.subarray(0, count), offset };
      offset += count;
      wasRead(path, offset);
      [chunk, next] = [next, chunk];
    }
  } catch (error) {
    if (errno(error) === undefined) throw error;
    throw ioError(error, "read the source", { path });
  } finally {
    await file.close();
  }
}

/** Gives a source file the ending .migrated. -> its new path */
export function markMigrated(path: string): string {
  const marked = `${path}.migrated`;
  if (existsSync(marked)) throw new StoreError("EXISTS", `${marked} is there already`, { path });
  try {
    renameSync(path, marked);
  } catch (error) {
    throw ioError(error, "rename the source", { path });
  }
  return marked;
}

function checkNoSecret(path: string): void {
  if (SECRET_FILE.test(basename(path)))
    throw new ArgumentError("INVALID_ARGUMENT", `${path} holds credentials: it is not read`);
}

function withoutBom(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

function nameOf({ name }: { name: string }): string {
  return name;
}
