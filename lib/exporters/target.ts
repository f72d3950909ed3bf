// Where an export goes: the one place where an exporter opens files. A file appears whole, in place of one that may be there.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { link, lstat, mkdir, open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { errno, ioError } from "../base/errors.ts";
import type { ExportTarget } from "../base/export.ts";
import { Turns } from "../base/slices.ts";
import type { Folder } from "./exporter.ts";

/** So much is gathered before it is written. */
const PIECE_CHARACTERS = 256 * 1024;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Where the bytes go. */
interface Sink {
  write(bytes: Buffer): Promise<void>;
  /** All of it is written. False: the file was there. */
  end(): Promise<boolean>;
  /** Nothing more comes, and it is not all. */
  abandon(): Promise<void>;
}

/** Writes all of the text, waiting for the target with every piece. */
export async function writeTo(
  target: ExportTarget,
  text: AsyncIterable<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const sink = await (typeof target === "string"
    ? fileSink(resolve(target), false)
    : "getWriter" in target
      ? webSink(target)
      : streamSink(target));
  await pour(text, sink, signal);
}

/** The files of a directory, which is made with its first one. */
export function folderAt(path: string, signal: AbortSignal | undefined): Folder {
  return {
    async write(name, content, keep) {
      const file = join(resolve(path), name);
      if (keep === "keep" && (await isThere(file))) return false;
      await mkdir(dirname(file), { recursive: true, mode: DIRECTORY_MODE }).catch((error: unknown) => {
        throw ioError(error, "make the directory of the export", { path: dirname(file) });
      });
      return await pour(content, await fileSink(file, keep === "keep"), signal);
    },
  };
}

export async function isDirectory(path: string): Promise<boolean> {
  return await open(path, "r")
    .then(async (file) => (await file.stat().finally(() => file.close())).isDirectory())
    .catch(() => false);
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function pour(
  content: AsyncIterable<string | Uint8Array>,
  sink: Sink,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const turns = new Turns(signal);
    let pending: string[] = [];
    let length = 0;
    const flush = async (): Promise<void> => {
      const bytes = Buffer.from(pending.join(""));
      pending = [];
      length = 0;
      if (bytes.length > 0) await sink.write(bytes);
    };
    for await (const piece of content) {
      if (typeof piece === "string") {
        pending.push(piece);
        length += piece.length;
      } else {
        await flush();
        await sink.write(Buffer.from(piece));
      }
      if (length >= PIECE_CHARACTERS) await flush();
      if (turns.isOver) await turns.giveWay();
    }
    await flush();
    return await sink.end();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

/** If we crash before the file has its name, a hidden one lies beside it. */
async function fileSink(path: string, isKept: boolean): Promise<Sink> {
  // A name of its own that is not longer than what a file system takes, whatever the file's.
  const aside = join(dirname(path), `.${basename(path).slice(0, 60)}.${randomBytes(8).toString("hex")}`);
  const told = async <T>(work: Promise<T>): Promise<T> =>
    await work.catch((error: unknown) => {
      throw ioError(error, "write the export", { path });
    });
  const file: FileHandle = await told(open(aside, "wx", FILE_MODE));
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await file.close();
  };
  return {
    async write(bytes) {
      for (let start = 0; start < bytes.length;)
        start += (await told(file.write(bytes, start, bytes.length - start))).bytesWritten;
    },
    async end() {
      await told(file.sync());
      await told(close());
      const isNew = await told(isKept ? named(aside, path) : rename(aside, path).then(() => true));
      if (process.platform === "win32") return isNew;
      const directory = await told(open(dirname(path), "r"));
      await told(directory.sync().finally(() => directory.close()));
      return isNew;
    },
    async abandon() {
      await close().catch(() => undefined);
      await rm(aside, { force: true }).catch(() => undefined);
    },
  };
}

/** Gives a file its name, unless another one has it. */
async function named(aside: string, path: string): Promise<boolean> {
  try {
    await link(aside, path);
  } catch (error) {
    const isTaken = errno(error) === "EEXIST" || (await isThere(path));
    // Where there are no hard links, the last look must do.
    if (!isTaken) await rename(aside, path);
    else await rm(aside, { force: true });
    return !isTaken;
  }
  await rm(aside, { force: true });
  return true;
}

function streamSink(stream: Writable): Sink {
  return {
    async write(bytes) {
      await new Promise<void>((done, fail) => {
        const failed = (error: Error): void => fail(error);
        stream.once("error", failed);
        stream.write(bytes, (error) => {
          stream.off("error", failed);
          if (error) fail(error);
          else done();
        });
      });
      if (stream.writableNeedDrain) await once(stream, "drain");
    },
    end: () => Promise.resolve(true),
    abandon: () => Promise.resolve(),
  };
}

function webSink(stream: WritableStream<Uint8Array>): Sink {
  const writer = stream.getWriter();
  const release = (): Promise<void> => {
    writer.releaseLock();
    return Promise.resolve();
  };
  return {
    async write(bytes) {
      await writer.ready;
      await writer.write(bytes);
    },
    end: () => release().then(() => true),
    abandon: release,
  };
}
