// Many writers at once. In the long form 8 processes with 10,000 appends each, and 200 rounds of 16 contenders.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { built } from "./helpers/built.ts";
import { DEAD, holder, plant } from "./helpers/leases.ts";
import { output, run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const scratch = mkdtempSync(join(tmpdir(), "turnlog-contenders-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const isLong = process.env["TURNLOG_LONG"] !== undefined;
const PROCESSES = 8;
const APPENDS = isLong ? 10_000 : 1000;
const CONTENDERS = 16;
const ROUNDS = isLong ? 200 : 30;
const LONG_MS = 280_000;

const APPENDER = `
  const store = await turnlog.openStore(args[0], args[2]);
  const session = store.session("s");
  for (let n = 0; n < args[3]; n++) await session.append({ writer: args[1], n });
  await store.close();`;

async function appendAtOnce(lease: boolean): Promise<{ directory: string; said: { writer: number; n: number }[] }> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.createSession({ id: "s" });
  await store.close();
  const writers = Array.from({ length: PROCESSES }, (_, writer) =>
    run(APPENDER, directory, writer, { lease, busyTimeoutMs: 20_000 }, APPENDS),
  );
  for (const writer of writers) expect(await writer.ended).toBe(0);
  const said = readFileSync(onlyLog(directory), "utf8")
    .split("\n")
    .filter((line) => line.includes('"type":"message"'))
    .map((line) => (JSON.parse(line) as { data: { writer: number; n: number } }).data);
  return { directory, said };
}

function expectEachOnceInOrder(said: readonly { writer: number; n: number }[]): void {
  expect(said).toHaveLength(PROCESSES * APPENDS);
  const next = Array.from({ length: PROCESSES }, () => 0);
  const wrong = said.filter(({ writer, n }) => n !== next[writer]!++);
  expect(wrong).toEqual([]);
}

test(
  `${PROCESSES} processes append to one session: each line is there once, in its writer's order, on one branch`,
  async () => {
    const { directory, said } = await appendAtOnce(true);
    expectEachOnceInOrder(said);
    const store = await stores.open({}, directory);
    const session = store.session("s");
    expect(await session.branches()).toHaveLength(1);
    expectEachOnceInOrder((await session.history()).map(({ data }) => data));
    expect((await session.stats()).skipped).toBe(0);
  },
  LONG_MS,
);

test(
  "without leases nothing is lost either: branches, at worst",
  async () => {
    const { directory, said } = await appendAtOnce(false);
    expectEachOnceInOrder(said);
    expect([...logsOf(directory).keys()].filter((path) => path.includes("leases"))).toEqual([]);
    const store = await stores.open({ lease: false }, directory);
    const stats = await store.session("s").stats();
    expect(stats.types["message"]?.lines).toBe(PROCESSES * APPENDS);
    expect(stats.skipped).toBe(0);
  },
  LONG_MS,
);

/** Takes the lease once in each round, and says so, and that it gives it up, in a file that all append to. */
const CONTENDER = `
  import { openSync } from "node:fs";
  import { createInterface } from "node:readline";
  const [{ Leases }, { NodeVfs }] = [await import(args[0][0]), await import(args[0][1])];
  const journal = openSync(args[2], "a");
  const leases = new Leases(new NodeVfs(), { leases: args[1] }, "m", 60_000);
  await leases.load();
  say("ready");
  for await (const round of createInterface({ input: process.stdin })) {
    const lease = leases.of(round, { id: round, taken() {}, settle() {} });
    await lease.take();
    writeSync(journal, round + " in\\n");
    for (const end = performance.now() + Math.random() * 2; performance.now() < end;);
    writeSync(journal, round + " out\\n");
    lease.giveUp();
    say(round);
  }`;

test(
  `${CONTENDERS} contenders for a dead holder's lock: never two of them have it`,
  async () => {
    const modules = await built(join(scratch, "built"), "lib/disk/leases.ts", "lib/disk/node-vfs.ts");
    const journal = join(scratch, "journal");
    mkdirSync(join(scratch, "m"));
    const children: Child[] = Array.from({ length: CONTENDERS }, () => run(CONTENDER, modules, scratch, journal));
    try {
      for (const child of children) expect(await child.lines.next()).toMatchObject({ value: "ready" });
      for (let round = 0; round < ROUNDS; round++) {
        plant(join(scratch, "m", `r${round}.lock`), holder(DEAD), `dead${round}`);
        for (const { process } of children) process.stdin!.write(`r${round}\n`);
        for (const { lines } of children) expect(await lines.next()).toMatchObject({ value: `r${round}` });
      }
      for (const { process } of children) process.stdin!.end();
      for (const child of children) expect(await output(child)).toEqual([]);
    } finally {
      for (const { process } of children) process.kill("SIGKILL");
    }
    const expected = Array.from({ length: ROUNDS }, (_, round) => [`r${round} in`, `r${round} out`]);
    const said = readFileSync(journal, "utf8").trimEnd().split("\n");
    expect(said).toEqual(expected.flatMap((pair) => Array.from({ length: CONTENDERS }, () => pair).flat()));
  },
  LONG_MS,
);
