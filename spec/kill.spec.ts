// kill -9 of writers at any moment, between their writes and inside them: nothing that they acknowledged is lost, no commit is
// there by half, and whoever comes next goes on.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Store } from "../lib/index.ts";
import { judge, saidAt, saidBy, writer } from "./helpers/kill-rounds.ts";
import type { WriterOptions } from "./helpers/kill-rounds.ts";
import { isThere } from "./helpers/processes.ts";
import { randomOf } from "./helpers/random.ts";
import { readNaively } from "./helpers/naive-reader.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const KILLS = IS_LONG ? 1000 : 100;
const SESSIONS = ["a", "b", "c", "d"];

/** Kills writers of several sessions at random moments until so many are dead. -> what there is at the end */
async function killing(
  directory: string,
  kills: number,
  seed: number,
  options: WriterOptions,
  longest: number,
): Promise<void> {
  const random = randomOf(seed);
  let killed = 0;
  const rounds = SESSIONS.map(async (session) => {
    while (killed < kills) {
      killed++;
      const child = writer(directory, session, saidAt(directory, session), options);
      // Some die while they open the store, or write for the first time.
      if (random(8) === 0) await sleep(random(10 * longest));
      else await child.lines.next();
      await sleep(random(longest));
      child.process.kill("SIGKILL");
      expect(await child.ended).toBe("SIGKILL");
    }
  });
  await Promise.all(rounds);
}

async function checkAll(directory: string, store: Store<any, any>): Promise<number> {
  const naive = readNaively(directory);
  let acknowledged = 0;
  for (const session of SESSIONS) {
    const said = saidBy(saidAt(directory, session));
    const history = naive.has(session) ? await store.session(session).history() : [];
    expect(history).toEqual(naive.get(session)?.history ?? []);
    const verdict = judge(history, said);
    expect(verdict, session).toMatchObject({ lost: [], half: [], wrong: [] });
    acknowledged += verdict.acknowledged;
    await store.session(session, { create: true }).append({ id: "later", of: "later" });
    expect((await store.session(session).history()).at(-1)?.id).toBe("later");
  }
  return acknowledged;
}

test(`${KILLS} writers are killed at random moments`, async () => {
  const directory = stores.unverified();
  await killing(directory, KILLS, 1, {}, 40);
  const store = await stores.open({}, directory);
  const acknowledged = await checkAll(directory, store);
  expect(acknowledged).toBeGreaterThan(KILLS);
  if (IS_LONG) process.stderr.write(`kill: ${KILLS} kills, ${acknowledged} acknowledged commits, 0 lost, 0 half\n`);
}, 1_800_000);

test("writers of long lines are killed inside their writes", async () => {
  const directory = stores.unverified();
  await killing(directory, IS_LONG ? 100 : 8, 2, { bytes: 8 * 1024 * 1024, most: 20 }, 120);
  const store = await stores.open({}, directory);
  await checkAll(directory, store);
}, 600_000);

/** Runs a writer under strace, which kills it at its n-th write to a log, before that is done. */
async function killedAtWrite(directory: string, session: string, log: string, nth: number): Promise<void> {
  const said = saidAt(directory, session);
  const plain = writer(directory, session, said, { most: 0 });
  const source = plain.process.spawnargs;
  await plain.ended;
  const [command, ...args] = source.map((each) => each.replace('{"most":0}', '{"most":40}'));
  const trace = [
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-P",
    log,
    "-e",
    "trace=write",
    "-e",
    `inject=write:signal=KILL:when=${nth}`,
  ];
  const child = spawn("strace", [...trace, command!, ...args], { stdio: "ignore" });
  await once(child, "exit");
}

test.runIf(isThere("strace"))(
  "a writer is killed at each of its writes to the log",
  async () => {
    const directory = stores.unverified();
    const first = await stores.open({}, directory);
    await first.session("a", { create: true }).append({ id: "0-0", of: "0-0" });
    await first.close();
    const { machine } = first;
    const month = new Date().toISOString().slice(0, 7);
    const log = join(directory, "sessions", machine, month, "a.jsonl");
    expect(existsSync(log)).toBe(true);
    for (let nth = 1; nth <= (IS_LONG ? 40 : 6); nth++) await killedAtWrite(directory, "a", log, nth);
    const said = [{ id: "0-0", isAcknowledged: true }, ...saidBy(saidAt(directory, "a"))];
    const store = await stores.open({}, directory);
    expect(judge(await store.session("a").history(), said)).toMatchObject({ lost: [], half: [], wrong: [] });
    // It has died in the middle of its work each time.
    expect(said.filter(({ isAcknowledged }) => !isAcknowledged).length).toBeGreaterThan(0);
  },
  600_000,
);

test("a writer that is stopped and goes on loses nothing, and writes over nothing", async () => {
  const directory = stores.unverified();
  const said = saidAt(directory, "a");
  const child = writer(directory, "a", said);
  await child.lines.next();
  for (let round = 0; round < (IS_LONG ? 50 : 5); round++) {
    await sleep(20);
    child.process.kill("SIGSTOP");
    await sleep(20);
    // What it has acknowledged is there for all while it stands still.
    const frozen = saidBy(said);
    const copy = join(directory, "copy.said");
    copyFileSync(said, copy);
    const store = await stores.open({}, directory);
    expect(judge(await store.session("a").history(), frozen)).toMatchObject({ lost: [], half: [], wrong: [] });
    await store.close();
    child.process.kill("SIGCONT");
  }
  await sleep(20);
  child.process.kill("SIGKILL");
  await child.ended;
  const store = await stores.open({}, directory);
  const verdict = judge(await store.session("a").history(), saidBy(said));
  expect(verdict).toMatchObject({ lost: [], half: [], wrong: [] });
  expect(readFileSync(said, "latin1").length).toBeGreaterThan(0);
}, 600_000);
