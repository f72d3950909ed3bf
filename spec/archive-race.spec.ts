// Somebody appends to a session while it is archived or brought back, by a process that asks nobody: nothing is lost.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import type { OpenMode, VfsFile } from "../lib/disk/vfs.ts";
import type { Session, Store } from "../lib/index.ts";
import { openAt } from "./helpers/fault-checks.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import type { Operation } from "./helpers/fault-vfs.ts";
import { output, run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";
import { filesIn, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

/** All that changes what is on the disk, or looks at what becomes of it. */
const STEPS = new Set<Operation>([
  "open",
  "write",
  "sync",
  "link",
  "rename",
  "remove",
  "stat",
  "syncDirectory",
  "fstat",
]);

async function ids(session: Session<any, any>): Promise<string[]> {
  return (await session.history()).map(({ id }) => id);
}

interface Scene {
  /** What is archived or brought back here meets `vfs`. */
  readonly store: Store<any, any>;
  readonly vfs: FaultVfs;
  /** Another one, that has the session open and takes no lease. */
  readonly rival: Store<any, any>;
  readonly directory: string;
}

async function scene<V extends FaultVfs>(isArchived: boolean, vfs: V): Promise<Scene & { readonly vfs: V }> {
  const directory = stores.directory();
  const store = await openAt(vfs, directory, { lease: false });
  await (await store.createSession({ id: "s" })).append([{ id: "a" }, { id: "b" }]);
  const rival = await stores.open({ lease: false }, directory);
  if (isArchived) await store.archive("s");
  expect(await ids(rival.session("s"))).toEqual(["a", "b"]);
  return { store, vfs, rival, directory };
}

test.each([
  ["archived", (store: Store<any, any>) => store.archive("s"), false],
  ["brought back", (store: Store<any, any>) => store.unarchive("s"), true],
] as const)("a session that is %s takes an append at any of the steps", async (_, call, isArchived) => {
  for (let step = 1, isDone = false; !isDone; step += IS_LONG ? 1 : 3) {
    const { store, vfs, rival, directory } = await scene(isArchived, new FaultVfs());
    const appends: Promise<unknown>[] = [];
    let seen = 0;
    vfs.fault = (operation, path) => {
      if (!STEPS.has(operation) || path.includes(".cache")) return undefined;
      if (++seen === step) appends.push(rival.session("s").append([{ id: "late" }, { id: "later" }]));
      return undefined;
    };
    await call(store);
    isDone = seen < step;
    vfs.fault = () => undefined;
    await Promise.all(appends);
    const expected = isDone ? ["a", "b"] : ["a", "b", "late", "later"];
    expect(await ids(rival.session("s")), `step ${step}`).toEqual(expected);
    expect(await ids(store.session("s")), `step ${step}`).toEqual(expected);
    await store.session("s").append({ id: "z" });
    expect(await ids(rival.session("s")), `step ${step}`).toEqual([...expected, "z"]);
    await store.close();
    await rival.close();
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + 120_000);
    const last = await stores.open({}, directory);
    await last.createSession();
    await last.close();
    clock.mockRestore();
    const again = await stores.open({}, directory);
    expect(await ids(again.session("s")), `step ${step}`).toEqual([...expected, "z"]);
    await again.close();
  }
});

/** Whoever syncs waits for what another one does meanwhile, all of it. */
class MeanwhileVfs extends FaultVfs {
  meanwhile: (operation: Operation, path: string) => Promise<unknown> = () => Promise.resolve();

  override open(path: string, mode: OpenMode): VfsFile {
    const file = super.open(path, mode);
    const { sync } = file;
    return Object.assign(file, {
      sync: async () => {
        await this.meanwhile("sync", path);
        await sync.call(file);
      },
    });
  }

  override async syncDirectory(path: string): Promise<void> {
    await this.meanwhile("syncDirectory", path);
    await super.syncDirectory(path);
  }
}

/** What another process may do to the session at a moment. */
const MEANWHILE: Record<string, readonly ("append" | "archive" | "unarchive")[]> = {
  append: ["append"],
  "append, twice": ["append", "append"],
  archive: ["archive"],
  unarchive: ["unarchive"],
  "append and archive": ["append", "archive"],
  "archive and append": ["archive", "append"],
  "archive and bring back": ["archive", "unarchive"],
  "append, archive, and append": ["append", "archive", "append"],
};

const CALLS = {
  archived: (store: Store<any, any>) => store.archive("s"),
  "brought back": (store: Store<any, any>) => store.unarchive("s"),
  "written to": (store: Store<any, any>) => store.session("s").append({ id: "c" }),
};

/** Does all of that, one after the other. -> the ids of what was said, as far as that was acknowledged */
async function act(store: Store<any, any>, actions: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  for (const action of actions) {
    try {
      if (action === "archive") await store.archive("s");
      else if (action === "unarchive") await store.unarchive("s");
      else {
        const id = `late-${said.length}`;
        await store.session("s").append({ id });
        said.push(id);
      }
    } catch (error) {
      expect(error, action).toMatchObject({ code: "SESSION_BUSY" });
      expect(action).toBe("archive");
    }
  }
  return said;
}

describe.each(Object.entries(CALLS))("a session that is %s", (what, call) => {
  describe.each([
    ["who has it open", false],
    ["who just comes", true],
  ])("meets others at any of the syncs, %s", (_, isNew) => {
    test.each(Object.entries(MEANWHILE))("%s: nothing is lost", async (__, actions) => {
      for (let step = 1, isDone = false; !isDone; step++) {
        const vfs = new MeanwhileVfs();
        const { store, rival, directory } = await scene(what !== "archived", vfs);
        let seen = 0;
        let where = `step ${step}`;
        let said: string[] = [];
        vfs.meanwhile = async (operation, path) => {
          if (path.includes(".cache/") || ++seen !== step) return;
          where += `, ${operation} ${path.slice(directory.length)}`;
          said = await act(isNew ? await stores.open({ lease: false }, directory) : rival, actions);
        };
        const expected = ["a", "b"];
        try {
          await call(store);
          if (what === "written to") expected.push("c");
        } catch (error) {
          expect(error, where).toMatchObject({ code: "SESSION_BUSY" });
          expect(what, where).toBe("archived");
        }
        isDone = seen < step;
        vfs.meanwhile = () => Promise.resolve();
        expected.push(...said);
        expect((await ids(rival.session("s"))).sort(), where).toEqual(expected);
        expect((await ids(store.session("s"))).sort(), where).toEqual(expected);
        await store.close();
        await rival.close();
        // What is left of two that archive at once is united by the next write of whoever finds it.
        const last = await stores.open({}, directory);
        await last.session("s").append({ id: "z" });
        expect((await ids(last.session("s"))).sort(), where).toEqual([...expected, "z"]);
        expect(filesIn(join(directory, "archive")), where).toEqual([]);
        await last.close();
      }
    });
  });
});

test("what is written to a log in the minute after it was archived brings it back", async () => {
  const { store, rival, directory } = await scene(false, new FaultVfs());
  await store.archive("s");
  await rival.session("s").append({ id: "c" });
  expect(filesIn(join(directory, "archive"))).toEqual([]);
  expect((await rival.session("s").info()).archived).toBe(false);
  expect(await ids(store.session("s"))).toEqual(["a", "b", "c"]);
  await store.close();
});

test.each([
  ["its old name", true],
  ["no name", false],
])(
  "a log that another process puts away before it is on the disk, and that has %s, can be written to",
  async (_, hasOld) => {
    const { store, vfs, directory } = await scene(false, new FaultVfs());
    const other = await stores.open({ lease: false }, directory);
    await store.session("s").append({ id: "c" });
    await other.archive("s");
    // The log has another place for the one who reads it now, and its writer has not been to the disk yet.
    expect(await ids(store.session("s"))).toEqual(["a", "b", "c"]);
    if (!hasOld) for (const path of logsOf(directory).keys()) rmSync(path);
    const warnings: unknown[] = [];
    store.on("warning", (warning) => warnings.push(warning));
    await sleep(700);
    expect(warnings).toEqual([]);
    expect(vfs.count("sync", ".jsonl.old") > 0).toBe(hasOld);
    await store.session("s").append({ id: "d" });
    expect(await ids(store.session("s"))).toEqual(["a", "b", "c", "d"]);
    await store.close();
  },
);

/** Appends without a lease, one after the other, until it is told to stop; says how many were acknowledged. */
const WRITER = `
  const [directory, name] = args;
  const store = await turnlog.openStore(directory, { lease: false });
  const session = store.session("s");
  let isOver = false;
  process.stdin.once("data", () => (isOver = true));
  let n = 0;
  for (; !isOver; n++) {
    await session.append({ id: name + n });
    if (n === 3) say("ready");
    if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 100 * Math.random()));
  }
  await store.close();
  say(String(n));
  process.exit(0);`;

test("processes that write without a lease while another archives and brings back lose nothing", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  await (await store.createSession({ id: "s" })).append({ id: "first" });
  const children: Child[] = ["x", "y"].map((name) => run(WRITER, directory, name));
  for (const child of children) expect((await child.lines.next()).value).toBe("ready");
  const outcomes = { archived: 0, busy: 0 };
  const end = Date.now() + (IS_LONG ? 20_000 : 2500);
  while (Date.now() < end) {
    try {
      await store.archive("s");
      outcomes.archived++;
    } catch (error) {
      expect(error).toMatchObject({ code: "SESSION_BUSY" });
      outcomes.busy++;
    }
    await sleep(5);
    if (outcomes.archived % 3 === 1) await store.unarchive("s");
  }
  for (const { process: child } of children) child.stdin?.write("stop\n");
  const counts = await Promise.all(children.map(async (child) => Number((await output(child)).at(-1))));
  for (const child of children) expect(await child.ended).toBe(0);
  await store.close();
  // Two that write in each other's past make branches: what was said is looked for in the bytes.
  const packed = filesIn(join(directory, "archive")).map((path) => gunzipSync(readFileSync(path)));
  const text = Buffer.concat([...logsOf(directory).values(), ...packed]).toString();
  for (const [index, count] of counts.entries()) {
    const lost = Array.from({ length: count }, (_, n) => `"id":"${["x", "y"][index]}${n}"`).filter(
      (id) => !text.includes(id),
    );
    expect(lost, `of ${count}, ${JSON.stringify(outcomes)}`).toEqual([]);
  }
}, 120_000);
