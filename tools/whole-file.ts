// Output to a file that appears whole, in place of one that may be there: it is written aside and then gets its name.
import { once } from "node:events";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EXIT, Failure, messageOf } from "./exit.ts";
import { Output } from "./output.ts";

export async function writeWhole<T>(path: string, signal: AbortSignal, write: (out: Output) => Promise<T>): Promise<T> {
  const aside = join(dirname(path), `.${basename(path).slice(0, 60)}.${process.pid}.${Date.now().toString(36)}`);
  const told = async <R>(work: Promise<R>): Promise<R> =>
    await work.catch((error: unknown) => {
      throw new Failure(EXIT.io, `could not write ${path}: ${messageOf(error)}`, { cause: error });
    });
  const file = await told(open(aside, "wx", 0o600));
  const stream = file.createWriteStream({ flush: true });
  try {
    const result = await write(new Output(stream, {}, signal));
    stream.end();
    await told(once(stream, "close"));
    await told(rename(aside, path));
    return result;
  } catch (error) {
    stream.destroy();
    await file.close().catch(() => undefined);
    await rm(aside, { force: true }).catch(() => undefined);
    throw error;
  }
}
