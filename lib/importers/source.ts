// Other tools' files: the one place where an importer reads them, and never writes them. Only markMigrated renames.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, renameSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { errno, ioError, StoreError } from "../base/errors.ts";

const CHUNK_BYTES = 1024 * 1024;
const PEEK_BYTES = 256 * 1024;
/** A longer line is no message of anybody's. */
const MOST_LINE_BYTES = 256 * 1024 * 1024;

/** One line of a file, numbered from 1. Undefined text: longer than any line may be. */
export interface SourceLine {
  readonly number: number;
  /** Where it begins in the file. */
  readonly offset: number;
  readonly text: string | undefined;
  /** It has no newline: the last one, perhaps torn. */
  readonly isOpen: boolean;
}

export function home(...names: string[]): string {
  return join(homedir(), ...names);
}

export function kindOf(path: string): "file" | "directory" | undefined {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? "directory" : stat.isFile() ? "file" : undefined;
  } catch (error) {
    if (errno(error) === "ENOENT" || errno(error) === "ENOTDIR" || errno(error) === "ELOOP") return undefined;
    throw ioError(error, "look at the source", { path });
  }
}

/** The names in a directory, sorted: files, and directories that are not links. */
export function namesIn(path: string): { files: string[]; directories: string[] } {
  try {
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    const isFile = (name: string): boolean => kindOf(join(path, name)) === "file";
    return {
      files: entries.filter((entry) => entry.isFile() || (entry.isSymbolicLink() && isFile(entry.name))).map(nameOf),
      directories: entries.filter((entry) => entry.isDirectory()).map(nameOf),
    };
  } catch (error) {
    throw ioError(error, "read the source", { path });
  }
}

/** When the file was last written, in ms. */
export function modifiedMs(path: string): number {
  try {
    return Math.trunc(statSync(path).mtimeMs);
  } catch (error) {
    throw ioError(error, "look at the source", { path });
  }
}

/** The text of a whole file, which is one JSON value. */
export function textOf(path: string): string {
  try {
    return withoutBom(readFileSync(path, "utf8"));
  } catch (error) {
    throw ioError(error, "read the source", { path });
  }
}

/** The beginning of a file, to tell what it is. */
export function peek(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(PEEK_BYTES);
      return withoutBom(bytes.toString("utf8", 0, readSync(file, bytes, 0, PEEK_BYTES, 0)));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw ioError(error, "read the source", { path });
  }
}

/** The lines of a file that are not blank, from a byte on, split at newlines alone, however long the file is. */
export async function* linesOf(path: string, from = 0): AsyncGenerator<SourceLine> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw ioError(error, "read the source", { path });
  });
  try {
    let number = 1;
    let pieces: Buffer[] = [];
    let length = 0;
    let read = from;
    let offset = from;
    const take = (isOpen: boolean, end: number): SourceLine | undefined => {
      const text = length > MOST_LINE_BYTES ? undefined : Buffer.concat(pieces).toString("utf8");
      pieces = [];
      length = 0;
      const isFirst = offset === 0 && text !== undefined;
      const line = { number: number++, offset, text: isFirst ? withoutBom(text) : text, isOpen };
      offset = end;
      return line.text?.trim() === "" ? undefined : line;
    };
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, read);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        pieces.push(chunk.subarray(start, end));
        length += end - start;
        start = end + 1;
        const line = take(false, read + start);
        if (line !== undefined) yield line;
      }
      length += chunk.length - start;
      // What is too long is counted, not kept.
      pieces = length > MOST_LINE_BYTES ? [] : [...pieces, chunk.subarray(start)];
      read += bytesRead;
    }
    const last = take(true, read);
    if (last !== undefined) yield last;
  } catch (error) {
    throw ioError(error, "read the source", { path });
  } finally {
    await file.close();
  }
}

/** A file's bytes from one on, chunk by chunk. */
export async function* chunksOf(path: string, from: number): AsyncGenerator<{ bytes: Buffer; offset: number }> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw ioError(error, "read the source", { path });
  });
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let offset = from; ;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset).catch((error: unknown) => {
        throw ioError(error, "read the source", { path });
      });
      if (bytesRead === 0) return;
      yield { bytes: chunk.subarray(0, bytesRead), offset };
      offset += bytesRead;
    }
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

function withoutBom(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

function nameOf({ name }: { name: string }): string {
  return name;
}
