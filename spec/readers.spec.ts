// Readers of pages while processes write and one replaces the file: every page is one that the session had at some moment.
import { appendFileSync, cpSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { OpenFile } from "../lib/disk/descriptors.ts";
import { Layout, monthOf } from "../lib/disk/names.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import { replaceLog } from "../lib/log/replace.ts";
import { readLog } from "../lib/store/read/content.ts";
import { ReplacedLogs } from "../lib/store/space/replaced.ts";
import { readLog as readNaively } from "./helpers/naive-reader.ts";
import { output, run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const PAGES = IS_LONG ? 1000 : 200;
const READERS = 2;
const WRITERS = 4;

/** Each appends pairs to the session until it is told to stop, and numbers them. */
const WRITER = `
  const [directory, number] = args;
  const store = await turnlog.openStore(directory);
  const session = store.session("s");
  let isOver = false;
  process.stdin.once("data", () => (isOver = true));
  let n = 0;
  for (; !isOver; n++) {
    await session.append([{ id: number + "-" + n + "-a", number, n }, { id: number + "-" + n + "-b", number, n }]);
    if (n === 3) say("ready");
    if (n % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await store.close();
  say(String(n));
  process.exit(0);`;

/** Replaces the session's log by one with the same lines, and lets the old one go, as a rewrite does, again and again. */
async function replaceOnce(layout: Layout, path: string): Promise<void> {
  const vfs = new NodeVfs();
  const replaced = new ReplacedLogs(vfs, layout, (_, operation) => operation());
  // What put the log in order the last time has left the one before beside it.
  await replaced.settle(path);
  const open = new OpenFile(vfs.open(path, "read")).pin();
  open.drop();
  try {
    const { lines, size } = await readLog(open);
    const pieces = lines.map(({ offset, length }) => ({ file: open.file, offset, length }));
    const read = { dev: open.dev, ino: open.ino, size };
    const old = await replaceLog(vfs, layout.aside, path, read, pieces, (each) => replaced.remember(each));
    // Writers do not know of this: they trust a look for some milliseconds, if nothing holds them up. A busy machine may, for as long as
    // a second; the store itself lets an old log stand for a minute.
    await sleep(2000);
    await replaced.drop(old);
    await replaced.sort(path);
  } finally {
    open.unpin();
    replaced.close();
  }
}

/**
 * Reads random pages, so many and until it is told to stop, and checks each: pairs are whole but at the edges, every writer's
 * numbers grow; where there is one branch only, by one, and the count does too.
 */
const READER = `
  const [directory, pages, seed] = args;
  const store = await turnlog.openStore(directory);
  const session = store.session("s");
  let state = seed;
  const random = (below) => ((state = (state * 1103515245 + 12345) % 2147483648), state % below);
  const wrong = [];
  const gaps = [];
  let most = 0;
  let isOver = false;
  process.stdin.once("data", () => (isOver = true));
  for (let page = 0; page < pages || !isOver; page++) {
    const limit = 1 + random(60);
    const kind = random(4);
    const seen = kind === 0 ? undefined : (await session.page({ limit: 1 })).items[0]?.id;
    const count = await session.count();
    if (count < most) gaps.push("count fell from " + most + " to " + count);
    most = Math.max(most, count);
    const options = seen === undefined ? {} : [{}, { before: seen }, { around: seen }, { before: seen }][kind];
    const { items, skipped } = await session.page({ limit, ...options });
    if (skipped > 0) wrong.push("skipped " + skipped);
    const last = new Map();
    for (const [index, { data, id }] of items.entries()) {
      const isFirst = id.endsWith("-a");
      const before = last.get(data.number);
      const expected = before === undefined ? undefined : before.isFirst ? before.n : before.n + 1;
      if (expected !== undefined && data.n !== expected) (data.n > expected ? gaps : wrong).push(id + " after " + before.n);
      if (before !== undefined && isFirst === before.isFirst) wrong.push(id + " after the same half");
      if (before === undefined && !isFirst && index > 0) wrong.push(id + " without its first half");
      last.set(data.number, { n: data.n, isFirst });
    }
    const end = items.at(-1);
    if (seen === undefined && end !== undefined && end.id.endsWith("-a")) wrong.push(end.id + " without its second half");
  }
  await store.close();
  say(JSON.stringify({ wrong: wrong.slice(0, 5), gaps: gaps.slice(0, 5), most }));
  process.exit(0);`;

/** A file grows by pages under a write. */
const PAGE_BYTES = 4096;
/** Where a write of two lines is cut, from the first line's beginning: in it, after it, in the second one. */
const CUTS: readonly [string, (commit: Buffer) => number][] = [
  ["in its first line", () => 40],
  ["between its lines", (commit) => commit.indexOf(10) + 1],
  ["in its last line", (commit) => commit.length - 3],
];

test.each(CUTS)(
  "a write that is under way, seen up to a page's end %s, is waited for: none skips it, or tells",
  async (_, cut) => {
    /** `length` of the text before it. -> also where the write begins, and where it is cut */
    const write = async (length: number): Promise<{ from: string; before: number; end: number }> => {
      const source = await stores.open();
      const written = await source.createSession({ id: "s" });
      await written.append({ id: "a", text: "x".repeat(length) });
      const before = statSync(onlyLog(source.path)).size;
      await written.append([{ id: "b" }, { id: "c" }]);
      return { from: source.path, before, end: before + cut(readFileSync(onlyLog(source.path)).subarray(before)) };
    };
    const { end: shortEnd } = await write(0);
    const { from, before, end } = await write(PAGE_BYTES - (shortEnd % PAGE_BYTES));
    expect(end % PAGE_BYTES).toBe(0);
    const directory = stores.directory();
    cpSync(from, directory, { recursive: true });
    rmSync(join(directory, ".cache"), { recursive: true });
    const [path, whole] = [onlyLog(directory), readFileSync(onlyLog(directory))];
    writeFileSync(path, whole.subarray(0, before));
    const store = await stores.open({}, directory);
    const warnings: unknown[] = [];
    store.on("warning", (warning) => warnings.push(warning));
    expect(await store.session("s").count()).toBe(1);
    appendFileSync(path, whole.subarray(before, end));
    const page = store.session("s").page({ limit: 5 });
    await setImmediate();
    appendFileSync(path, whole.subarray(end));
    const { items, skipped } = await page;
    expect([items.map(({ id }) => id), skipped, warnings]).toEqual([["a", "b", "c"], 0, []]);
  },
);

test(`${PAGES} random pages while ${WRITERS} processes write and the file is replaced: all as the session was at some moment`, async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  await store.createSession({ id: "s" });
  const layout = new Layout(directory);
  const path = join(layout.month(store.machine, monthOf(Date.now())), "s.jsonl");
  const writers = Array.from({ length: WRITERS }, (_, number) => run(WRITER, directory, number));
  const readers: Child[] = [];
  const state = { isOver: false, rounds: 0 };
  try {
    for (const writer of writers) await writer.lines.next();
    for (let seed = 1; seed <= READERS; seed++) readers.push(run(READER, directory, PAGES / READERS, seed));
    const replacing = replaceUntil(state, layout, path);
    while (state.rounds < 3 && !state.isOver) await Promise.race([replacing, sleep(20)]);
    for (const { process } of readers) process.stdin!.write("end\n");
    const gaps: string[] = [];
    for (const reader of readers) {
      const [line] = await output(reader);
      expect(await reader.ended).toBe(0);
      const found = JSON.parse(line!) as { wrong: string[]; gaps: string[] };
      expect(found.wrong).toEqual([]);
      gaps.push(...found.gaps);
    }
    state.isOver = true;
    expect(await replacing).toBeUndefined();
    for (const { process } of writers) process.stdin!.write("end\n");
    const written: number[] = [];
    for (const writer of writers) written.push(Number((await output(writer))[0]));
    expect(Math.min(...written)).toBeGreaterThan(2);
    // Without a lease writers make branches, and the newest is the history.
    const branches = await store.session("s").branches();
    const all = written.reduce((sum, n) => sum + 2 * n, 0);
    const ids = readNaively(readFileSync(path)).flatMap(({ type, id }) => (type === "message" ? [id] : []));
    expect([ids.length, new Set(ids).size]).toEqual([all, all]);
    if (branches.length === 1) expect(gaps).toEqual([]);
    if (IS_LONG) process.stderr.write(`readers: ${PAGES} pages, ${all} messages, ${state.rounds} replacements\n`);
  } finally {
    state.isOver = true;
    for (const { process } of [...writers, ...readers]) process.kill("SIGKILL");
  }
}, 900_000);

/** -> what it failed with */
async function replaceUntil(
  state: { isOver: boolean; rounds: number },
  layout: Layout,
  path: string,
): Promise<unknown> {
  try {
    for (; !state.isOver; state.rounds++) {
      await replaceOnce(layout, path);
      await sleep(20);
    }
    return undefined;
  } catch (error) {
    state.isOver = true;
    return error;
  }
}
