// Where an export goes: the one place where an exporter opens files. A file appears whole, in place of one that may be there.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { ioError } from "../base/errors.ts";
import type { ExportTarget } from "../base/export.ts";

/** So much is gathered before it is written. */
const PIECE_CHARACTERS = 256 * 1024;
const FILE_MODE = 0o600;

/** Where the bytes go. */
interface Sink {
  write(bytes: Buffer): Promise<void>;
  /** All of it is written. */
  end(): Promise<void>;
  /** Nothing more comes, and it is not all. */
  abandon(): Promise<void>;
}

/** Writes all of the text, waiting for the target with every piece. */
export async function writeTo(target: ExportTarget, text: AsyncIterable<string>): Promise<void> {
  const sink = await sinkOf(target);
  try {
    let pending: string[] = [];
    let length = 0;
    const flush = async (): Promise<void> => {
      const bytes = Buffer.from(pending.join(""));
      pending = [];
      length = 0;
      if (bytes.length > 0) await sink.write(bytes);
    };
    for await (const piece of text) {
      pending.push(piece);
      length += piece.length;
      if (length >= PIECE_CHARACTERS) await flush();
    }
    await flush();
    await sink.end();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

async function sinkOf(target: ExportTarget): Promise<Sink> {
  if (typeof target === "string") return await fileSink(resolve(target));
  return "getWriter" in target ? webSink(target) : streamSink(target);
}

/** If we crash before the file has its name, a hidden one lies beside it. */
async function fileSink(path: string): Promise<Sink> {
  const aside = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString("hex")}`);
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
      await told(rename(aside, path));
      if (process.platform === "win32") return;
      const directory = await told(open(dirname(path), "r"));
      await told(directory.sync().finally(() => directory.close()));
    },
    async abandon() {
      await close().catch(() => undefined);
      await rm(aside, { force: true }).catch(() => undefined);
    },
  };
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
    end: () => Promise.resolve(),
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
    end: release,
    abandon: release,
  };
}
