// A store that rsync copies while a process writes to it: nothing that was acknowledged is lost, every state in between opens,
// and the next rsync that is not killed completes it.
import { execFile, spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import type { Store, StoreWarning } from "../lib/index.ts";
import { run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";
import { randomOf } from "./helpers/random.ts";
import type { Random } from "./helpers/random.ts";
import { collect, filesIn, useStores } from "./helpers/stores.ts";
import { errorsIn, readAll } from "./helpers/two-machines.ts";

const stores = useStores();
const execute = promisify(execFile);
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const KILLS = IS_LONG ? 60 : 3;
const MEGABYTES = IS_LONG ? 64 : 2;

/** What is this machine's alone. */
const APART = ["--exclude=/.cache", "--exclude=/trash", "--exclude=/lost+found", "--exclude=*.jsonl.old"];

/** Appends to two sessions without a pause until its input ends, compacts now and then, and says what was acknowledged. */
const WRITER = `
  const [directory, machine, compacts, pauseMs] = args
  const store = await turnlog.openStore(directory, { machine })
  let isOver = false
  process.stdin.on("end", () => { isOver = true }).resume()
  for (let n = 0; !isOver; n++) {
    for (const id of ["shared", machine]) {
      const session = store.session(id, { create: true })
      const text = (machine + " says ").repeat(1 + (n * 7919) % 400)
      const written = await session.append([{ id: machine + "-" + n, text }, { id: machine + "-" + n + "b" }])
      say(id + " " + written[0].id + " " + written[1].id)
      if (n % 5 === 0) await session.putMessage({ id: machine + "-" + n, text: "again" })
      if (compacts && n % 40 === 20) await session.compact()
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  await store.close()`;

class Author {
  readonly root: string;
  readonly name: string;
  readonly said = new Map<string, string[]>();
  readonly #child: Child;
  readonly #reading: Promise<void>;

  constructor(root: string, name: string, compacts: boolean) {
    this.root = root;
    this.name = name;
    this.#child = run(WRITER, root, name, compacts, PAUSE_MS);
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    for (let next = await this.#child.lines.next(); next.done !== true; next = await this.#child.lines.next()) {
      const [session = "", ...ids] = next.value.split(" ");
      this.said.set(session, [...(this.said.get(session) ?? []), ...ids]);
    }
  }

  async until(count: number): Promise<void> {
    const before = this.count;
    while (this.count < before + count) await sleep(5);
  }

  get count(): number {
    return [...this.said.values()].reduce((sum, ids) => sum + ids.length, 0);
  }

  async end(): Promise<void> {
    this.#child.process.stdin?.end();
    await this.#child.ended;
    await this.#reading;
  }

  /** Nothing that it acknowledged is missing here. Nothing was removed, so that each message has its line. */
  check(root = this.root): void {
    for (const [id, said] of this.said) {
      const logs = filesIn(join(root, "sessions")).filter((path) => basename(path) === `${id}.jsonl`);
      const lines = logs.flatMap((path) => readFileSync(path, "utf8").trim().split("\n"));
      const ids = new Set(lines.map((line) => (JSON.parse(line) as { id?: string }).id));
      expect(said.filter((each) => !ids.has(each))).toEqual([]);
    }
  }
}

async function rsync(...args: string[]): Promise<void> {
  // Files that go and grow under its hands are no failure: 23 and 24 say so.
  await execute("rsync", args).catch((error: { code?: number }) => {
    if (error.code !== 23 && error.code !== 24) throw error;
  });
}

/** Starts one, and ends it at a random moment: the process that was started; the ones that it started end by that. */
async function killed(random: Random, args: readonly string[]): Promise<void> {
  const child: ChildProcess = spawn("rsync", [`--bwlimit=${MEGABYTES * 4}M`, ...args], { stdio: "ignore" });
  const ended = once(child, "exit");
  await sleep(random(400));
  child.kill("SIGKILL");
  await ended;
  // Its receiver notices that nobody is there.
  await sleep(50);
}

/** A store as it stands opens, lists and reads; whatever is wrong with it is told. */
async function opens(root: string): Promise<number> {
  const store = await openStore<any, any>(root, { machine: "reader" });
  try {
    let read = 0;
    for await (const info of store.sessions()) {
      if ("damaged" in info) continue;
      read += (await store.session(info.id).history()).length;
    }
    for await (const problem of store.verify()) expect(problem.message).not.toBe("");
    return read;
  } finally {
    await store.close();
  }
}

/** A store with a session that takes a while to be copied. */
async function largeStore(name: string): Promise<{ root: string; machine: string }> {
  const root = stores.unverified();
  const store = await openStore<any, any>(root, { machine: name });
  const session = await store.createSession({ id: "shared", title: "both" });
  const text = "what was said before ".repeat(400);
  for (let bytes = 0; bytes < MEGABYTES * 1024 * 1024; bytes += 20 * text.length)
    await session.append(Array.from({ length: 20 }, () => ({ text })));
  await store.close();
  return { root, machine: store.machine };
}

function machineOf(root: string, name: string): string {
  return readdirSync(join(root, "sessions")).find((machine) => machine.startsWith(`${name}-`)) ?? "";
}

const WAYS: readonly (readonly [options: string, compacts: boolean])[] = [
  ["-a", true],
  ["-au", true],
  ["-a --inplace", true],
  ["-a --inplace --no-whole-file", true],
  ["-a --append-verify", false],
];
/** An author between two commits. */
const PAUSE_MS = 10;
const LIMIT = IS_LONG ? 600_000 : 60_000;

describe.skipIf(spawnSync("rsync", ["--version"]).status !== 0)("rsync", () => {
  describe.each(WAYS.filter((_, index) => IS_LONG || index % 2 === 0))("%s", (given, compacts) => {
    const options = given.split(" ");

    test(
      "pulls all but its own folder, both ways, while both write: killed at any moment, completed by the next",
      { timeout: LIMIT },
      async () => {
        const random = randomOf(given.length);
        const { root: one } = await largeStore("one");
        const two = stores.unverified();
        await rsync("-a", ...APART, `${one}/`, `${two}/`);
        const authors = [new Author(one, "one", compacts), new Author(two, "two", compacts)] as const;
        try {
          for (const author of authors) await author.until(20);
          const [mine, theirs] = [machineOf(one, "one"), machineOf(two, "two")];
          const pulls = [
            [...options, ...APART, `--exclude=${mine}`, `${two}/`, `${one}/`],
            [...options, ...APART, `--exclude=${theirs}`, `${one}/`, `${two}/`],
          ];
          for (let kill = 0; kill < KILLS; kill++) {
            for (const [index, root] of [one, two].entries()) {
              await killed(random, pulls[index] ?? []);
              expect(await opens(root)).toBeGreaterThan(0);
            }
            if (kill % 3 === 2) for (const pull of pulls) await rsync(...pull);
          }
          for (const author of authors) await author.end();
          for (const pull of pulls) await rsync(...pull);
        } finally {
          for (const author of authors) await author.end();
        }
        for (const author of authors) expect(author.count).toBeGreaterThan(20);
        await expectSame(one, two);
        for (const root of [one, two]) for (const author of authors) author.check(root);
      },
    );

    test(
      "backs a store up that is written to: every copy opens, and the last one has it all",
      { timeout: LIMIT },
      async () => {
        const random = randomOf(given.length + 1);
        const { root } = await largeStore("one");
        const backup = stores.unverified();
        const author = new Author(root, "one", compacts);
        const copy = [...options, "--delete", "--exclude=/.cache", `${root}/`, `${backup}/`];
        try {
          await author.until(20);
          for (let kill = 0; kill < KILLS; kill++) {
            await killed(random, copy);
            // The marker comes last.
            if (readdirSync(backup).includes("turnlog.json")) await opens(backup);
          }
          await rsync(...copy);
          expect(await opens(backup)).toBeGreaterThan(0);
        } finally {
          await author.end();
        }
        await rsync(...copy);
        const restored = join(stores.unverified(), "restored");
        await rsync("-a", `${backup}/`, `${restored}/`);
        expect(await readAll(restored)).toEqual(await readAll(root));
        author.check(restored);
        author.check();
      },
    );
  });

  /** Old logs stand beside for a minute, each on its own machine. */
  async function expectSame(one: string, two: string): Promise<void> {
    const copies: string[] = [];
    for (const root of [one, two]) {
      const copy = stores.unverified();
      await rsync("-a", ...APART, `${root}/`, `${copy}/`);
      copies.push(copy);
      expect(await errorsIn(copy)).toEqual([]);
    }
    const [a, b] = copies as [string, string];
    const names = (root: string): string[] =>
      filesIn(join(root, "sessions"))
        .map((path) => path.slice(root.length))
        .sort();
    expect(names(b)).toEqual(names(a));
    expect(await readAll(b)).toEqual(await readAll(a));
  }

  describe("over one's own live log", () => {
    const prepare = async (): Promise<{ store: Store<any, any>; other: string; warnings: StoreWarning[] }> => {
      const root = stores.damaged();
      const store = await stores.open({ machine: "mine" }, root);
      const warnings: StoreWarning[] = [];
      store.on("warning", (warning) => warnings.push(warning));
      const session = store.session("s", { create: true });
      for (let n = 0; n < 30; n++) await session.append({ id: `early ${n}` });
      const other = stores.unverified();
      await rsync("-a", ...APART, `${root}/`, `${other}/`);
      for (let n = 0; n < 30; n++) await session.append({ id: `late ${n}` });
      await sleep(120);
      const theirs = await openStore<any>(other, { machine: "theirs" });
      await theirs.session("s").append({ id: "of theirs" });
      await theirs.close();
      return { store, other, warnings };
    };

    test.each(["-a", "-a --inplace"])(
      "an older copy that another machine has (%s) is noticed, and gone on from",
      async (options) => {
        const { store, other, warnings } = await prepare();
        await rsync(...options.split(" "), ...APART, `${other}/`, `${store.path}/`);
        await store.refresh();
        await store.session("s").append({ id: "after" });
        expect(warnings.map(({ code }) => code)).toContain("rolled-back");
        const ids = (await store.session("s").history()).map(({ id }) => id);
        expect(ids).toEqual([...Array.from({ length: 30 }, (_, n) => `early ${n}`), "of theirs", "after"]);
        expect((await collect(store.verify())).map(({ code }) => code)).toContain("rolled-back");
      },
    );

    test.each(["-a", "-au", "-a --inplace", "-a --append-verify"])(
      "nothing comes where one's own folder is left out (%s)",
      async (options) => {
        const { store, other, warnings } = await prepare();
        await rsync(...options.split(" "), ...APART, `--exclude=${store.machine}`, `${other}/`, `${store.path}/`);
        await store.refresh();
        await store.session("s").checkout("late 29");
        expect(await store.session("s").count()).toBe(60);
        expect(await store.session("s").branches()).toHaveLength(2);
        expect(warnings.map(({ code }) => code)).toEqual(["diverged"]);
        expect((await collect(store.verify())).filter(({ code }) => code !== "leftover")).toEqual([]);
      },
    );
  });
});
