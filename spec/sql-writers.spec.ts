// Processes that are killed while they write to a database, and those who go on after them.
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { openSqlStore } from "../lib/sql.ts";
import type { Store } from "../lib/index.ts";
import { kinds, sqliteDatabase } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";
import { judge, saidBy, writer } from "./helpers/kill-rounds.ts";
import { run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";

const ROUNDS = process.env["TURNLOG_LONG"] ? 100 : 10;
const KILL_WITHIN_MS = 150;
/** Whoever comes after a killed writer waits for no longer. */
const STORE = { busyTimeoutMs: 20_000 };
const SQL = new URL("../dist/lib/sql.js", import.meta.url).href;

const made: EmptyDatabase[] = [];
const directories: string[] = [];
const children: Child[] = [];
const stores: Store<any, any>[] = [];
afterEach(async () => {
  for (const { process } of children.splice(0)) process.kill("SIGKILL");
  for (const store of stores.splice(0)) await store.close();
  for (const database of made.splice(0)) await database.drop();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

async function open(database: EmptyDatabase, options: object = STORE): Promise<Store<any, any>> {
  const store = await openSqlStore<any, any>(database.target, options);
  stores.push(store);
  return store;
}

async function kill(child: Child): Promise<void> {
  child.process.kill("SIGKILL");
  expect(await child.ended).toBe("SIGKILL");
}

async function problemsOf(store: Store<any, any>): Promise<unknown[]> {
  const problems: unknown[] = [];
  for await (const problem of store.verify()) problems.push(problem);
  return problems;
}

const killed = (await kinds()).filter(({ name }) => ["sqlite", "postgres", "mariadb"].includes(name));

describe.each(killed)("a writer to $name that is killed again and again", ({ make }) => {
  it("leaves whole commits, all that it acknowledged, and no lock", { timeout: 600_000 }, async () => {
    const database = await make();
    made.push(database);
    const directory = mkdtempSync(join(tmpdir(), "turnlog-said-"));
    directories.push(directory);
    const said = join(directory, "said");
    const store = await open(database);
    const session = store.session("s", { create: true });
    for (let round = 0; round < ROUNDS; round++) {
      const child = writer(database.target as string, "s", said, { store: STORE });
      children.push(child);
      // Its first commit went through, though the one before it was killed.
      expect((await child.lines.next()).value).toBe("ready");
      await sleep(Math.random() * KILL_WITHIN_MS);
      await kill(child);
      await session.update({ title: `after ${round}` });
      const messages = [];
      for await (const { id, data } of session.messages()) messages.push({ id, data });
      expect(judge(messages, saidBy(said))).toMatchObject({ lost: [], half: [], wrong: [] });
      expect((await session.info()).title).toBe(`after ${round}`);
    }
    expect(await problemsOf(store)).toEqual([]);
  });
});

/** Appends a message, says so, and then one of so many bytes in small parts, in one commit. */
const LONG_COMMIT = `
  const [target, bytes, options, sql] = args;
  const store = await (await import(sql)).openSqlStore(target, options);
  const session = store.session("s", { create: true });
  await session.append({ id: "first" });
  await session.update({ title: "first" });
  const text = "y".repeat(2000);
  const messages = Array.from({ length: bytes / 2000 }, (_, n) => ({ id: "m" + n, text }));
  say("begins");
  await session.commit((c) => { c.append(...messages); c.update({ title: "second" }); });
  say("done");
  await store.close();`;

describe("a process with a long commit to SQLite", () => {
  const BYTES = 24_000_000;
  /** Pages of the commit are in the file by then, whichever the engine is, and most of it is to come. */
  const SPILLED = 6_000_000;

  /** -> when the process is in the middle of its commit, and has the lock */
  async function begin(database: EmptyDatabase): Promise<Child> {
    const directory = dirname((database.target as string).slice("sqlite:".length));
    const size = (): number =>
      readdirSync(directory).reduce(
        (sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      );
    const child = run(LONG_COMMIT, database.target, BYTES, STORE, SQL);
    children.push(child);
    expect((await child.lines.next()).value).toBe("begins");
    const before = size();
    while (size() < before + SPILLED) await sleep(1);
    return child;
  }

  it("is killed: the next one waits for nobody, and sees nothing of it", { timeout: 120_000 }, async () => {
    const database = await sqliteDatabase();
    made.push(database);
    const store = await open(database);
    await kill(await begin(database));
    const session = store.session("s");
    expect((await session.info()).title).toBe("first");
    expect(await session.count()).toBe(1);
    await session.append({ id: "after" });
    const ids = [];
    for await (const { id } of (await open(database)).session("s").messages()) ids.push(id);
    expect(ids).toEqual(["first", "after"]);
    expect(await problemsOf(store)).toEqual([]);
    const lines = await database.run("select text from line order by position");
    const types = lines.map(({ text }) => (JSON.parse(String(text)) as { type: string }).type);
    expect(types).toEqual(["session", "message", "info", "open", "message"]);
    expect(await database.run("pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
  });

  it("is stopped: it has the lock until it goes on, however long that is", { timeout: 120_000 }, async () => {
    const database = await sqliteDatabase();
    made.push(database);
    const store = await open(database, { busyTimeoutMs: 300 });
    const child = await begin(database);
    child.process.kill("SIGSTOP");
    const refused = { code: "SESSION_BUSY", written: "no" };
    for (let n = 0; n < 3; n++)
      await expect(store.session("t", { create: true }).append({ n })).rejects.toMatchObject(refused);
    child.process.kill("SIGCONT");
    expect((await child.lines.next()).value).toBe("done");
    if (child.process.exitCode === null) await once(child.process, "exit");
    await store.session("t", { create: true }).append({ n: 3 });
    expect(await store.session("s").count()).toBe(1 + BYTES / 2000);
    expect(await problemsOf(store)).toEqual([]);
  });
});
