// A store in git, cloned on two machines that both go on with it: no pull ever ends in a conflict, by merge or by rebase,
// and both read the same in the end.
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import type { Store, StoreWarning } from "../lib/index.ts";
import { GIT_ENVIRONMENT } from "./helpers/git.ts";
import { LOW } from "./helpers/attachments.ts";
import { randomOf } from "./helpers/random.ts";
import type { Random } from "./helpers/random.ts";
import { filesIn, useStores } from "./helpers/stores.ts";
import { checkoutOrAppend, errorsIn, readAll, SHARED, step } from "./helpers/two-machines.ts";

const stores = useStores();
const run = promisify(execFile);

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const ROUNDS = IS_LONG ? 200 : 15;

function gitNow(directory: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: directory, env: GIT_ENVIRONMENT, encoding: "utf8", stdio: "pipe" });
}

async function git(directory: string, ...args: string[]): Promise<string> {
  return (await run("git", args, { cwd: directory, env: GIT_ENVIRONMENT })).stdout;
}

/** A machine with its clone. Its store lies in the clone, and stays open from one sync to the next, or is opened anew. */
class Machine {
  readonly name: string;
  readonly clone: string;
  readonly root: string;
  readonly warnings: StoreWarning[] = [];
  readonly #random: Random;
  #store: Store<any, any> | undefined;

  constructor(name: string, clone: string, random: Random) {
    this.name = name;
    this.clone = clone;
    this.root = join(clone, "sessions of ours");
    this.#random = random;
  }

  async store(): Promise<Store<any, any>> {
    if (this.#store !== undefined) return this.#store;
    this.#store = await openStore<any, any>(this.root, { machine: this.name, ...LOW });
    this.#store.on("warning", (warning) => this.warnings.push(warning));
    return this.#store;
  }

  async close(): Promise<void> {
    await this.#store?.close();
    this.#store = undefined;
  }

  async work(): Promise<void> {
    if (this.#random(6) === 0) await this.close();
    const store = await this.store();
    for (let steps = 2 + this.#random(6); steps > 0; steps--) await step(store, this.#random, this.name);
  }

  /** Works while git brings what the other has written. */
  async workBeside(sync: Promise<unknown>): Promise<void> {
    const store = await this.store();
    const state = { isOver: false };
    const end = sync.finally(() => {
      state.isOver = true;
    });
    // What fails is told by `end`.
    end.catch(() => undefined);
    do {
      await step(store, this.#random, this.name);
      await new Promise((resolve) => setTimeout(resolve, this.#random(4)));
    } while (!state.isOver);
    await end;
  }

  async commit(): Promise<void> {
    await git(this.clone, "add", "-A");
    if (spawnSync("git", ["diff", "--cached", "--quiet"], { cwd: this.clone, env: GIT_ENVIRONMENT }).status !== 0)
      await git(this.clone, "commit", "-qm", `of ${this.name}`);
  }

  /** With a merge our own logs stay as they are, so that one may write to them meanwhile. */
  async merge(): Promise<void> {
    await this.workBeside(git(this.clone, "pull", "-q", "--no-rebase", "--no-edit"));
  }

  /** A rebase takes our own logs back, and forth again: whoever has the store open may see that, and tell. */
  async rebase(): Promise<void> {
    await this.close();
    await this.commit();
    await git(this.clone, "pull", "-q", "--rebase");
  }

  async sync(): Promise<void> {
    await this.commit();
    await (this.#random(2) === 0 ? this.merge() : this.rebase());
    await git(this.clone, "push", "-q");
    expect(await git(this.clone, "ls-files", "--unmerged")).toBe("");
  }
}

/** Two clones and where they meet; the second one's git writes CRLF wherever nobody forbids it. */
async function clones(random: Random): Promise<[Machine, Machine]> {
  const above = stores.unverified();
  gitNow(above, "init", "-q", "--bare", "-b", "main", "origin.git");
  const [one, two] = ["one", "two"].map((name) => new Machine(name, join(above, name), random)) as [Machine, Machine];
  gitNow(above, "clone", "-q", join(above, "origin.git"), one.clone);
  // What the repository around it says is not for the store.
  writeFileSync(join(one.clone, ".gitattributes"), "* text\n");
  writeFileSync(join(one.clone, "code.txt"), "beside\nthe store\n");
  const store = await one.store();
  for (const id of SHARED) await store.session(id, { create: true }).append({ id: `first of ${id}` });
  gitNow(one.clone, "checkout", "-q", "-b", "main");
  await one.commit();
  gitNow(one.clone, "push", "-q", "-u", "origin", "main");
  gitNow(above, "clone", "-q", "-c", "core.autocrlf=true", join(above, "origin.git"), two.clone);
  expect(readFileSync(join(two.clone, "code.txt"), "utf8")).toContain("\r\n");
  return [one, two];
}

function tracked({ clone, root }: Machine): Map<string, string> {
  const paths = gitNow(clone, "ls-files", "-z", "--", root).split("\0").filter(Boolean);
  return new Map(paths.map((path) => [path, readFileSync(join(clone, path)).toString("latin1")]));
}

test("what two clones do can be done in any session, one without a living message among them", async () => {
  const store = await stores.open();
  const session = store.session("s", { create: true });
  const random = randomOf(1);
  await session.append([{ id: "a" }, { id: "b" }]);
  await session.truncate({ keepLast: 0 });
  expect(await session.branches()).toEqual([]);
  await checkoutOrAppend(session, random, "one");
  const said = await session.count();
  expect(said).toBeGreaterThan(0);
  await checkoutOrAppend(session, random, "one");
  expect(await session.count()).toBe(said);
});

describe.skipIf(spawnSync("git", ["--version"]).status !== 0)("git", () => {
  test(
    `${ROUNDS} rounds of two clones end without a conflict, and both read the same`,
    async () => {
      const random = randomOf(Number(process.env["TURNLOG_SEED"] ?? 6));
      const machines = await clones(random);
      const [one, two] = machines;
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all(machines.map((machine) => machine.work()));
        for (const machine of random(2) === 0 ? [one, two] : [two, one]) await machine.sync();
        if (random(5) > 0) continue;
        for (const machine of machines) expect(await errorsIn(machine.root, { machine: machine.name })).toEqual([]);
      }
      for (const machine of machines) await machine.close();
      // What stands beside for a minute is not in git.
      for (const { root } of machines)
        for (const path of filesIn(join(root, "sessions"))) if (path.endsWith(".old")) rmSync(path);
      for (const machine of [one, two, one]) {
        await machine.rebase();
        await git(machine.clone, "push", "-q");
      }
      expect(gitNow(one.clone, "rev-parse", "HEAD^{tree}")).toBe(gitNow(two.clone, "rev-parse", "HEAD^{tree}"));
      expect(gitNow(one.clone, "status", "--porcelain")).toBe("");
      expect(tracked(two)).toEqual(tracked(one));
      const [read, other] = [await readAll(one.root), await readAll(two.root)];
      expect(other).toEqual(read);
      expect(Object.keys(read).length).toBeGreaterThan(3);
      for (const { root, warnings } of machines) {
        expect(await errorsIn(root)).toEqual([]);
        expect(warnings.filter(({ code }) => code === "rolled-back" || code === "lost")).toEqual([]);
      }
    },
    IS_LONG ? 600_000 : 60_000,
  );
});
