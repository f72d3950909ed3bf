// A question before something cannot be taken back.
import { once } from "node:events";
import type { Call } from "./command.ts";
import { wrongUsage } from "./exit.ts";

/** True if the person on the terminal says yes. Without a terminal --yes must have said so. */
export async function confirmed({ args, io, signal }: Call, question: string): Promise<boolean> {
  if (args.has("yes")) return true;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    throw wrongUsage(`--yes is needed where no terminal can be asked: ${question}`);
  io.stderr.write(`${question} [y/N] `);
  const [answer] = (await once(io.stdin, "data", { signal })) as [Buffer | string];
  io.stdin.pause();
  return /^y(es)?$/i.test(String(answer).trim());
}
