// repair() mends this machine's logs: what it takes out lies in lost+found/ first, the history stays, and whatever fails
// on the way, nothing is lost.
import "./helpers/in-memory.ts";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { openStore } from "../lib/index.ts";
import type { RepairReport } from "../lib/index.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { linesOf, storeWith, turnlog } from "./helpers/cli.ts";
import { sealed } from "./helpers/every-type.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import { stateOf } from "./helpers/files.ts";
import { collect, filesIn, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

/** A store whose one log was damaged in many ways, and what is to come of it. */
async function damaged(): Promise<{ directory: string; path: string; whole: string; broken: string }> {
  const directory = await storeWith(stores, 6, "s", stores.damaged());
  const path = onlyLog(directory);
  const whole = readFileSync(path, "utf8");
  const [header, ...lines] = linesOf(whole);
  const broken = [
    header,
    "<<<<<<< ours",
    lines[3],
    '{"at":"2026-01-01T00:0',
    `${lines[0]}${lines[1]}`,
    "",
    `\0\0\0${lines[2]}\r`,
    "=======",
    lines[3],
    "no line",
    lines[4],
    `${lines[5]}\n{"at":"torn`,
  ].join("\n");
  writeFileSync(path, broken);
  return { directory, path, whole, broken };
}

/** A store with a session of so many messages, each of a commit of its own. */
async function storeOf(count: number): Promise<string> {
  const directory = stores.directory();
  const store = await stores.open<any>({}, directory);
  for (let n = 1; n <= count; n++) await store.session("s", { create: true }).append({ id: `m${n}` });
  await store.close();
  return directory;
}

async function repair(directory: string, options?: { dryRun?: boolean; ids?: string[] }): Promise<RepairReport> {
  const store = await openStore(directory);
  try {
    return await store.repair(options);
  } finally {
    await store.close();
  }
}

function lostIn(directory: string): string[] {
  return filesIn(join(directory, "lost+found"))
    .map((path) => readFileSync(path, "latin1"))
    .toSorted();
}

test("a log damaged in many ways is what it was, byte for byte, and what was taken out is in lost+found/", async () => {
  const { directory, path, whole, broken } = await damaged();
  const before = stateOf(join(directory, "sessions"));
  const trial = await repair(directory, { dryRun: true });
  expect(stateOf(join(directory, "sessions"))).toEqual(before);
  expect(lostIn(directory)).toEqual([]);
  const report = await repair(directory);
  expect(report).toEqual(trial);
  expect(report.left).toEqual([]);
  expect(readFileSync(path, "utf8")).toBe(whole);
  expect(filesIn(join(directory, "sessions"))).toEqual([path]);
  expect(lostIn(directory)).toEqual(
    ['{"at":"2026-01-01T00:0', '{"at":"torn', "<<<<<<< ours", "=======", "no line", "\0\0\0"].toSorted(),
  );
  for (const { action, to, offset, bytes, session, file } of report.actions) {
    expect([session, file]).toEqual(["s", path]);
    expect(to === undefined).toBe(action !== "moved");
    if (to === undefined) continue;
    expect(dirname(to)).toBe(join(directory, "lost+found", "s"));
    expect(readFileSync(to, "utf8")).toBe(broken.slice(offset, offset! + bytes!));
  }
  // Again: nothing to do, and not a byte changes.
  const after = stateOf(directory);
  expect((await repair(directory)).actions).toEqual([]);
  const logs = (state: Map<string, string>): unknown => [...state].filter(([name]) => !name.includes(".cache"));
  expect(logs(stateOf(directory))).toEqual(logs(after));
});

test("a store that is open goes on with the log that was repaired, and so does a writer beside it", async () => {
  const { directory, path } = await damaged();
  const store = await stores.open<any>({}, directory);
  const other = await stores.open<any>({}, directory);
  const session = store.session("s");
  const history = await session.history();
  await other.session("s").history();
  const appends = Promise.all(Array.from({ length: 20 }, (_, n) => other.session("s").append({ n })));
  await Promise.all([store.repair(), session.append({ id: "during" })]);
  await appends;
  await session.append({ id: "after" });
  const ids = (await session.history()).map(({ id }) => id);
  expect(ids.slice(0, history.length)).toEqual(history.map(({ id }) => id));
  expect(ids).toEqual(expect.arrayContaining(["during", "after"]));
  expect(ids).toHaveLength(history.length + 22);
  expect(await other.session("s").count()).toBe(history.length + 22);
  expect(readFileSync(path, "utf8")).not.toContain("no line");
});

/** In the short form what only reads does not fail: there is ten times as much of it. */
const CHANGES: ReadonlySet<string> = new Set(
  "open write sync syncDirectory makeDirectory link rename remove removeDirectory setTime".split(" "),
);

/** So many repairs wait beside each other for those who might be writing. */
const AT_A_TIME = 8;

test("whichever operation of a repair fails, nothing is lost, and the next repair ends it", async () => {
  for (const code of ["EIO", "ENOSPC"]) {
    let next = 0;
    let isThrough = false;
    const lane = async (): Promise<void> => {
      while (!isThrough) isThrough = (await failsAt(code, next++)) || isThrough;
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
    expect(next).toBeGreaterThan(2 * AT_A_TIME);
  }
}, 600_000);

/** A repair of which this operation fails, and the next one. -> it has fewer operations */
async function failsAt(code: string, failing: number): Promise<boolean> {
  const { directory, path, whole } = await damaged();
  const what = `${code} at operation ${failing}`;
  const store = await openStore(directory);
  const history = await store.session("s").history();
  await store.close();
  const vfs = new FaultVfs();
  const faulty = await openOn<any, any>(vfs, directory, settingsOf(), rooms);
  let count = 0;
  vfs.fault = (operation, name) =>
    (IS_LONG || CHANGES.has(operation)) && name.startsWith(directory) && count++ === failing ? code : undefined;
  const failure = await faulty.repair().then(
    () => undefined,
    (error: unknown) => error,
  );
  const isThrough = count <= failing;
  vfs.fault = () => undefined;
  await faulty.close();
  if (failure !== undefined) expect(failure).toMatchObject({ name: "StoreError" });
  const again = await openStore<any>(directory);
  expect(await again.session("s").history(), what).toEqual(history);
  await again.repair();
  expect(await again.session("s").history()).toEqual(history);
  expect(await collect(again.verify())).toEqual([]);
  await again.close();
  expect(readFileSync(path, "utf8"), what).toBe(whole);
  expect(new Set(lostIn(directory)), what).toEqual(
    new Set(['{"at":"2026-01-01T00:0', '{"at":"torn', "<<<<<<< ours", "=======", "no line", "\0\0\0"]),
  );
  return isThrough;
}

test("another machine's log is told of and left", async () => {
  const { directory, path, broken } = await damaged();
  const other = path.replace(/\/sessions\/[^/]+/, "/sessions/other-00000000");
  mkdirSync(dirname(other), { recursive: true });
  renameSync(path, other);
  const { actions, left } = await repair(directory);
  expect(actions).toEqual([]);
  expect(left.length).toBeGreaterThan(5);
  expect(readFileSync(other, "utf8")).toBe(broken);
});

test("an altered line is left as it is, and said to be", async () => {
  const directory = await storeWith(stores, 3, "s", stores.damaged());
  const path = onlyLog(directory);
  const altered = readFileSync(path, "utf8").replace("text 2", "text X");
  writeFileSync(path, `${altered}junk\n`);
  const { actions, left } = await repair(directory);
  expect(actions.map(({ code }) => code)).toEqual(["damaged"]);
  expect(left.map(({ code }) => code)).toEqual(["altered"]);
  expect(readFileSync(path, "utf8")).toBe(altered);
});

test("a log without a header gets one, and is written to again; one of another session or a later version is left", async () => {
  const directory = await storeWith(stores, 3, "s", stores.damaged());
  const path = onlyLog(directory);
  const [header = "", ...lines] = linesOf(readFileSync(path, "utf8"));
  writeFileSync(path, `${lines.join("\n")}\n`);
  const { actions, left } = await repair(directory);
  expect(actions.map(({ code, action }) => [code, action])).toEqual([["no-header", "restored"]]);
  expect(left).toEqual([]);
  const store = await stores.open<any>({}, directory);
  await store.session("s").append({ id: "next" });
  expect(await collect(store.session("s").messageIds())).toEqual(["m1", "m2", "m3", "next"]);
  await store.close();
  for (const wrong of [{ id: "t" }, { data: { format: 2 } }]) {
    const foreign = `${[sealed({ ...JSON.parse(header), ...wrong, crc: undefined }), ...lines].join("\n")}\njunk\n`;
    writeFileSync(path, foreign);
    expect((await repair(directory)).actions).toEqual([]);
    expect(readFileSync(path, "utf8")).toBe(foreign);
  }
  writeFileSync(path, `${[header, ...lines].join("\n")}\n`);
});

test("two logs of one machine become one with the lines of both", async () => {
  const directory = await storeOf(4);
  const path = onlyLog(directory);
  const lines = linesOf(readFileSync(path, "utf8"));
  const first = path.replace(/\d{4}-\d\d(?=\/s\.jsonl)/, "2025-01");
  mkdirSync(dirname(first), { recursive: true });
  writeFileSync(first, `${lines.slice(0, 3).join("\n")}\n`);
  writeFileSync(path, `${[...lines.slice(0, 2), ...lines.slice(3)].join("\n")}\n`);
  const { actions, left } = await repair(directory);
  expect(actions.map(({ code, action }) => [code, action])).toEqual([["two-logs", "moved"]]);
  expect(left).toEqual([]);
  expect([...logsOf(directory).keys()]).toEqual([first]);
  expect(linesOf(readFileSync(first, "utf8"))).toEqual(lines);
  expect(lostIn(directory)).toHaveLength(1);
});

test("an old log that was left comes into the new one and goes; one that is alone gets its name back", async () => {
  const directory = await storeOf(4);
  const path = onlyLog(directory);
  const whole = readFileSync(path, "utf8");
  const lines = linesOf(whole);
  writeFileSync(path, `${lines.slice(0, 4).join("\n")}\n`);
  writeFileSync(`${path}.old`, whole);
  expect((await repair(directory)).actions).toEqual([]);
  const minutes = 60_000 * 2;
  const now = Date.now.bind(Date);
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + minutes);
  try {
    expect((await repair(directory)).actions.map(({ code, action }) => [code, action])).toEqual([
      ["leftover", "removed"],
    ]);
  } finally {
    clock.mockRestore();
  }
  expect(readFileSync(path, "utf8")).toBe(whole);
  expect(existsSync(`${path}.old`)).toBe(false);
  renameSync(path, `${path}.old`);
  expect((await repair(directory)).actions.map(({ code, action }) => [code, action])).toEqual([
    ["leftover", "restored"],
  ]);
  expect(readFileSync(path, "utf8")).toBe(whole);
});

test("what was purged does not come into lost+found/", async () => {
  const directory = await storeWith(stores, 2, "s", stores.damaged());
  const path = onlyLog(directory);
  const lines = linesOf(readFileSync(path, "utf8"));
  const purged = sealed({ at: JSON.parse(lines[2]!).at, type: "purged" });
  writeFileSync(path, `${[...lines, purged].join("\n")}\n`);
  const { actions } = await repair(directory);
  expect(actions.map(({ action }) => action)).toEqual(["erased"]);
  expect(lostIn(directory)).toEqual([]);
  expect(linesOf(readFileSync(path, "utf8"))).toEqual([...lines.slice(0, 2), purged]);
});

test("a cache of a session that is gone goes", async () => {
  const directory = await storeWith(stores, 1, "s", stores.directory());
  const stray = join(directory, ".cache", "offsets", "00", "gone");
  mkdirSync(dirname(stray), { recursive: true });
  writeFileSync(stray, "anything");
  const { actions, left } = await repair(directory);
  expect(actions).toMatchObject([{ code: "cache", action: "removed", file: stray }]);
  expect([left, existsSync(stray)]).toEqual([[], false]);
});

test("turnlog repair: a line for each thing that is done, 4 while there is something to do or to leave", async () => {
  const { directory } = await damaged();
  const trial = await turnlog(["--store", directory, "repair", "--dry-run"]);
  expect(trial.code).toBe(4);
  const { code, stdout, stderr } = await turnlog(["--store", directory, "repair", "s"]);
  expect([code, stdout]).toEqual([0, trial.stdout]);
  expect(stderr).toContain("nothing is left\n");
  expect(linesOf(stdout)[0]).toMatch(
    /^moved\tconflict\tsessions\/.*\/s\.jsonl:\d+\tbytes that are no line\tlost\+found\/s\//,
  );
  expect(await turnlog(["--store", directory, "repair"])).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "0 repairs; nothing is left\n",
  });
  writeFileSync(onlyLog(directory), readFileSync(onlyLog(directory), "utf8").replace("text 2", "text X"));
  const left = await turnlog(["--store", directory, "repair", "--json"]);
  expect([left.code, JSON.parse(left.stdout).code]).toEqual([4, "altered"]);
});
