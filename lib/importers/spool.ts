// A stream as a file: an import may read it twice, and looks at its beginning first. The file is gone afterwards, however it ends.
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ioError } from "../base/errors.ts";

/** Nobody else can read what is in it. */
export async function withSpooled<T>(
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const directory = makeDirectory();
  try {
    const path = join(directory, "input");
    await write(input, path, signal);
    return await use(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function makeDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), "turnlog-"));
  } catch (error) {
    throw ioError(error, "make room for the input", { path: tmpdir() });
  }
}

async function write(input: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal | undefined): Promise<void> {
  const chunks = input[Symbol.asyncIterator]();
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw ioError(error, "keep the input", { path });
  });
  // Who waits for a stream that says nothing is freed by the signal.
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason as Error);
  });
  stopped.catch(() => undefined);
  signal?.addEventListener("abort", stop, { once: true });
  let isOver = false;
  try {
    signal?.throwIfAborted();
    for (;;) {
      const next = await Promise.race([chunks.next(), stopped]);
      isOver = next.done === true;
      if (next.done === true) return;
      await file.appendFile(next.value).catch((error: unknown) => {
        throw ioError(error, "keep the input", { path });
      });
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    // It may never answer.
    if (!isOver) void chunks.return?.()?.catch(() => undefined);
    await file.close();
  }
}
