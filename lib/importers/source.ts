// Other tools' files: the one place where an importer reads them, and never writes them. Only markMigrated renames.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, renameSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { ArgumentError, errno, ioError, StoreError } from "../base/errors.ts";
import { splitLines } from "./source-lines.ts";
import type { SourceLine } from "./source-lines.ts";
import { unpack } from "./zstd.ts";

const CHUNK_BYTES = 1024 * 1024;
const PEEK_BYTES = 256 * 1024;
/** What tools keep passwords, tokens and keys in: in no directory is it seen, and by its name it is not read. */
const SECRET_FILE =
  /^(?:\.?credentials?|auth|auth-profiles?|oauth_creds|google_accounts|mcp-oauth-tokens(?:-v\d+)?)\.json$|^\.env(?:\.|$)|\.(?:pem|key)$/i;
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
  checkNoSecret(path);
  try {
    return withoutBom(readFileSync(path, "utf8"));
  } catch (error) {
    throw ioError(error, "read the source", { path });
  }
}

/** The beginning of a file, to tell what it is. */
export function peek(path: string): string {
  checkNoSecret(path);
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

/**
 * The lines of a file that are not blank, split at newlines alone, however long the file is. `.zst` is unpacked. `from`: the
 * offset at which a line of a plain file begins.
 */
export async function* linesOf(path: string, from = 0): AsyncGenerator<SourceLine> {
  yield* splitLines(path.endsWith(".zst") ? unpacked(path) : chunksOf(path, from), from);
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
