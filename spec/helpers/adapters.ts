// What every adapter must stand: a writer that is killed in the middle of its turns, and one that keeps a session to itself.
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./processes.ts";
import type { Child } from "./processes.ts";

/** The URL of a built adapter, for processes of their own. */
export function adapterUrl(name: string): string {
  return new URL(`../../dist/lib/adapters/${name}.js`, import.meta.url).href;
}

/** A process that is stopped while it may write to the session: it is to be killed. */
export async function holding(directory: string, id: string, message: object): Promise<Child> {
  const script = `
    const [directory, id, message] = args;
    const store = await turnlog.openStore(directory);
    await store.session(id, { create: true }).append(message);
    say("held");
    process.kill(process.pid, "SIGSTOP");`;
  const child = run(script, directory, id, message);
  await child.lines.next();
  return child;
}

export async function killed(child: Child): Promise<void> {
  child.process.kill("SIGKILL");
  await child.ended;
}

/**
 * Kills writers at random moments, one after the other. `start` begins one that writes its turns from this number on, and says
 * each number when it was acknowledged; `check` is told the last one that was said, and gives how many turns there are. A kill
 * inside a write leaves a torn line: the store is a damaged() one.
 */
export async function killing(
  rounds: number,
  start: (from: number) => Child,
  check: (said: number) => Promise<number>,
): Promise<number> {
  let turns = 0;
  for (let round = 0; round < rounds; round++) {
    const child = start(turns);
    let said = Number((await child.lines.next()).value);
    const reading = (async () => {
      for (let next = await child.lines.next(); !next.done; next = await child.lines.next()) said = Number(next.value);
    })();
    await sleep(round * 7);
    await killed(child);
    await reading;
    turns = await check(said);
  }
  return turns;
}
