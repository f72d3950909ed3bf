// What every adapter must stand: a writer that is killed in the middle of its turns, and one that keeps a session to itself.
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { run } from "./processes.ts";
import type { Child } from "./processes.ts";
import { randomOf } from "./random.ts";

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

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const KILLS = IS_LONG ? 100 : 6;
/** How long killing() may take, in ms. */
export const KILLING_MS = IS_LONG ? 600_000 : 60_000;

/**
 * Kills writers at random moments, one after the other. `start` begins one that writes its turns from this number on, and says
 * each number when it was acknowledged; `check` is told the last one that was said, and gives how many turns there are. A kill
 * inside a write leaves a torn line: the store is a damaged() one.
 */
export async function killing(start: (from: number) => Child, check: (said: number) => Promise<number>): Promise<void> {
  const random = randomOf(KILLS);
  let turns = 0;
  let said = -1;
  for (let round = 0; round < KILLS; round++) {
    const child = start(turns);
    const first = child.lines.next();
    const reading = (async () => {
      for (let next = await first; !next.done; next = await child.lines.next()) said = Number(next.value);
    })();
    // Some die while they open the store, or in their first turn.
    if (round % 4 === 3) await sleep(random(600));
    else await first.then(() => sleep(random(60)));
    await killed(child);
    expect(await child.ended).toBe("SIGKILL");
    await reading;
    turns = await check(said);
  }
  expect(turns).toBeGreaterThan(0);
}

/** What stands is whole turns, `turn(n)` is what each is made of, and none that was acknowledged is missing. -> how many */
export function checkTurns(found: readonly string[], turn: (n: number) => readonly string[], said: number): number {
  const turns = Math.ceil(found.length / turn(0).length);
  expect(found).toEqual(Array.from({ length: turns }, (_, n) => turn(n)).flat());
  expect(turns).toBeGreaterThan(said);
  return turns;
}
