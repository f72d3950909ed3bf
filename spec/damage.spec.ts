// Logs as hands, merges and crashes leave them: what is whole is read, whatever stands beside it.
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const stamp = (n: number, writer = "aaaaaaaa"): string =>
  `2025-06-01T00:00:00.${String(n).padStart(3, "0")}Z-0000-${writer}`;

/** A line with its checksum, as a writer writes it. */
function seal(line: object): string {
  const body = JSON.stringify(line).slice(0, -1);
  return `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}`;
}

const header = seal({ at: stamp(0), type: "session", id: "s", data: { format: 1 } });
const message = (n: number, v: unknown = n, writer?: string): string =>
  seal({ at: stamp(n, writer), type: "message", id: `m${n}`, data: { v } });

/** What a store answers whose session has these lines, in one log for each list. */
async function read(
  ...logs: (readonly string[])[]
): Promise<{ history: unknown[]; ids: string[]; warnings: string[]; skipped: number; last: unknown[] }> {
  const directory = stores.damaged();
  for (const [index, lines] of logs.entries()) {
    const path = join(directory, "sessions", `machine-0000000${index}`, "2025-06", "s.jsonl");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${lines.join("\n")}\n`);
  }
  writeFileSync(join(directory, "turnlog.json"), '{"format":1}\n');
  const store = await stores.open({}, directory);
  const warnings: string[] = [];
  store.on("warning", ({ code }) => warnings.push(code));
  // First the end of the log alone, as a store does that knows nothing of the session yet.
  const last = (await collect(store.session("s").messages({ last: 100 }))).map(({ data }) => data.v);
  const history = (await store.session("s").history()).map(({ data }) => data.v);
  const { skipped } = await store.session("s").page({ limit: 1, before: stamp(999) });
  return { history, ids: await collect(store.session("s").messageIds()), warnings, skipped, last };
}

test("what was purged stays purged, whichever of the two lines comes first", async () => {
  const purged = seal({ at: stamp(1), type: "purged" });
  for (const lines of [
    [header, purged, message(1), message(2)],
    [header, message(1), purged, message(2)],
  ]) {
    expect(await read(lines)).toMatchObject({ history: [2], last: [2], warnings: ["twice"], skipped: 1 });
  }
});

test("of two sound lines with one stamp the greater bytes count, of a sound and an altered one the sound one", async () => {
  for (const twice of [
    [message(1, "a"), message(1, "b")],
    [message(1, "b"), message(1, "a")],
  ]) {
    expect(await read([header, ...twice])).toMatchObject({ history: ["b"], last: ["b"], warnings: ["twice"] });
  }
  const altered = message(1, "x").replace('"x"', '"y"');
  for (const twice of [
    [altered, message(1, "x")],
    [message(1, "x"), altered],
  ]) {
    expect((await read([header, ...twice])).history).toEqual(["x"]);
    expect((await read([header, twice[0]!], [header, twice[1]!])).history).toEqual(["x"]);
  }
});

test("a sound line that begins a run counts before an altered one that stands first", async () => {
  const open = seal({ at: stamp(2, "bbbbbbbb"), type: "open", after: stamp(1) });
  const altered = open.replace(stamp(1), stamp(0));
  const { history } = await read([header, message(1), altered, open, message(3, 3, "bbbbbbbb")]);
  expect(history).toEqual([1, 3]);
});

test("a line written by hand with fields of the wrong kind hides no other", async () => {
  for (const odd of [
    { of: "junk" },
    { of: 5 },
    { message: "junk" },
    { id: 7 },
    { id: null },
    { batch: "2" },
    { batch: -1 },
    { after: "junk" },
  ]) {
    const line = JSON.stringify({ at: stamp(2), type: "message", id: "m2", data: { v: 2 }, ...odd });
    const { history, ids } = await read([header, message(1), line, message(3)]);
    expect(history).toEqual([1, 2, 3]);
    // An id that is no text is none: the message is known by its place.
    expect(ids).toEqual(["m1", "id" in odd ? stamp(2) : "m2", "m3"]);
  }
});

test("lines written by hand, with blanks, in another order, before NULs, are read one by one and together", async () => {
  const byHand = `{ "type": "message", "at": "${stamp(2)}", "data": { "v": 2 } }\0\0\0`;
  const { history, last } = await read([header, message(1), byHand, message(3)]);
  expect(history).toEqual([1, 2, 3]);
  expect(last).toEqual([1, 2, 3]);
});

test("a session of which only the old log stands is listed and read, beside other machines' logs, too", async () => {
  const directory = stores.unverified();
  const store = await stores.open({ machine: "one" }, directory);
  const session = store.session("s", { create: true });
  await session.append({ v: 1 });
  const path = onlyLog(directory);
  // Another machine's copy of it, from before the second message.
  const other = join(directory, "sessions", "two-00000000", "2025-06", "s.jsonl");
  copyFileSync(path, join(directory, "copy"));
  await session.append({ v: 2 });
  await store.close();
  renameSync(path, `${path}.old`);
  const values = async (): Promise<unknown[]> => {
    const again = await openStore<any>(directory);
    expect(await collect(again.ids())).toEqual(["s"]);
    const history = await again.session("s").history();
    await again.close();
    return history.map(({ data }) => data.v);
  };
  expect(await values()).toEqual([1, 2]);
  mkdirSync(dirname(other), { recursive: true });
  renameSync(join(directory, "copy"), other);
  expect(await values()).toEqual([1, 2]);
});

test("a commit without an end is told once, and what others write after it is read but once", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  const session = store.session("s", { create: true });
  await session.append({ v: 1 });
  const path = onlyLog(directory);
  const half = seal({ at: stamp(1, "cccccccc"), type: "open", after: stamp(0), batch: 2 });
  writeFileSync(path, `${half}\n`, { flag: "a" });
  const reader = await openStore<any>(directory);
  const warnings: string[] = [];
  reader.on("warning", ({ code }) => warnings.push(code));
  await reader.session("s").history();
  const told = warnings.length;
  for (let n = 2; n < 12; n++) {
    await session.append({ v: n });
    expect((await reader.session("s").history()).at(-1)!.data).toEqual({ v: n });
  }
  expect(warnings.filter((code) => code === "incomplete").length).toBeLessThanOrEqual(told + 1);
  // Its end comes after all: now it counts.
  writeFileSync(
    path,
    `${seal({ at: stamp(1, "cccccccc").replace("-0000-", "-0001-"), type: "message", data: { v: "end" } })}\n`,
    {
      flag: "a",
    },
  );
  // A look serves for its turn of the event loop: what another process writes shows from the next one on.
  await new Promise((resolve) => setImmediate(resolve));
  await reader.session("s").append({ v: 12 });
  const branches = await reader.session("s").branches();
  expect(branches.map(({ at }) => at)).toContain(stamp(1, "cccccccc").replace("-0000-", "-0001-"));
  await reader.close();
});

test("what is damaged behind a commit that may become whole is told of at once", async () => {
  const half = seal({ at: stamp(2, "cccccccc"), type: "open", after: stamp(1), batch: 2 });
  const { history, skipped, warnings } = await read([header, message(1), half, "no line"]);
  expect({ history, skipped }).toEqual({ history: [1], skipped: 2 });
  expect(warnings.toSorted()).toEqual(["damaged", "incomplete"]);
});

test("a run whose beginning was lost goes on from the line before it in its log, and a warning tells", async () => {
  const orphan = message(3, 3, "bbbbbbbb");
  expect(await read([header, message(1), orphan])).toMatchObject({ history: [1, 3], warnings: ["orphan"] });
  // The line before it lies in the other log, too.
  expect((await read([header, message(1)], [header, message(1), orphan])).history).toEqual([1, 3]);
});

test("a part that comes late, from before its message was removed and brought back, stays hidden", async () => {
  const place = stamp(1);
  const lines = [
    header,
    message(1),
    seal({ at: stamp(2, "bbbbbbbb"), type: "open", after: stamp(1) }),
    seal({ at: stamp(5), type: "remove", of: place }),
    seal({ at: stamp(6), type: "message", id: "m1", of: place, data: { v: "again" } }),
    seal({ at: stamp(3, "bbbbbbbb"), type: "part", id: "p1", message: place, data: { v: "late" } }),
  ];
  const directory = stores.damaged();
  const path = join(directory, "sessions", "machine-00000000", "2025-06", "s.jsonl");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join("\n")}\n`);
  writeFileSync(join(directory, "turnlog.json"), '{"format":1}\n');
  const store = await stores.open({}, directory);
  const [entry] = await store.session("s").history();
  expect(entry).toMatchObject({ data: { v: "again" }, parts: [] });
});

test("going on in two places at once is told, going back on purpose is not", async () => {
  const apart = [
    header,
    message(1),
    seal({ at: stamp(2, "bbbbbbbb"), type: "open", after: stamp(1) }),
    message(3, 3, "bbbbbbbb"),
    message(4),
  ];
  expect((await read(apart)).warnings).toEqual(["diverged"]);
  const back = [header, message(1), message(2), seal({ at: stamp(3), type: "head", after: stamp(1) }), message(4)];
  expect(await read(back)).toMatchObject({ history: [1, 4], warnings: [] });
});

test("a part whose stamp is earlier than its session does not take its message off the history", async () => {
  const lines = [
    seal({ at: "2006-06-01T00:00:00.000Z-0000-aaaaaaaa", type: "part", id: "p1", message: stamp(1), data: { v: "p" } }),
    header,
    message(1),
    seal({ at: stamp(2, "bbbbbbbb"), type: "open", after: stamp(1) }),
    message(3, 3, "bbbbbbbb"),
  ];
  expect((await read(lines)).history).toEqual([1, 3]);
});

test("a part belongs to the message that its newest version names", async () => {
  const directory = stores.damaged();
  const first = { at: stamp(3), type: "part", id: "p1", message: stamp(1), data: { v: "a" } };
  const lines = [
    header,
    message(1),
    message(2),
    seal(first),
    seal({ at: stamp(4), type: "part", id: "p2", message: stamp(2), data: { v: "b" } }),
    seal({ at: stamp(5), type: "part", id: "p1", of: stamp(3), message: stamp(2), data: { v: "c" } }),
  ];
  const path = join(directory, "sessions", "machine-00000000", "2025-06", "s.jsonl");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join("\n")}\n`);
  writeFileSync(join(directory, "turnlog.json"), '{"format":1}\n');
  const store = await stores.open({}, directory);
  const parts = (await store.session("s").history()).map((entry) => entry.parts.map(({ data }) => data.v));
  expect(parts).toEqual([[], ["c", "b"]]);
});

test("an altered line whose stamp became that of a sound one is left out, of whatever type the two are", async () => {
  const edit = seal({ at: stamp(2), type: "message", id: "m1", of: stamp(1), data: { v: "edited" } });
  const part = seal({ at: stamp(3), type: "part", id: "p1", message: stamp(1), data: { v: "p" } });
  const altered = part.replace(stamp(3), stamp(2));
  const directory = stores.damaged();
  const path = join(directory, "sessions", "machine-00000000", "2025-06", "s.jsonl");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${[header, message(1), edit, altered, message(4)].join("\n")}\n`);
  writeFileSync(join(directory, "turnlog.json"), '{"format":1}\n');
  const store = await stores.open({}, directory);
  expect((await store.session("s").history()).map((entry) => [entry.data.v, entry.parts.length])).toEqual([
    ["edited", 0],
    [4, 0],
  ]);
});

test("the count of an altered line hides none of its writer's lines", async () => {
  const batch = seal({ at: stamp(2), type: "message", batch: 2, id: "m2", data: { v: 2 } });
  const altered = batch.replace('"batch":2', '"batch":9');
  const second = seal({ at: stamp(2).replace("-0000-", "-0001-"), type: "message", id: "m3", data: { v: 3 } });
  expect((await read([header, message(1), altered, second])).history).toEqual([1, 2, 3]);
});

test("a restore that stands before its delete cancels it all the same", async () => {
  const restore = seal({ at: stamp(2, "bbbbbbbb"), type: "restore", of: stamp(3) });
  expect(
    (await read([header, message(1), restore, seal({ at: stamp(3), type: "delete" }), message(4)])).history,
  ).toEqual([1, 4]);
});

test("a version of a part that is earlier than the part makes no second one", async () => {
  const lines = [
    header,
    message(1),
    seal({ at: stamp(2), type: "part", id: "p1", of: stamp(3), message: stamp(1), data: { v: "version" } }),
    seal({ at: stamp(3), type: "part", id: "p1", message: stamp(1), data: { v: "first" } }),
  ];
  const directory = stores.damaged();
  const path = join(directory, "sessions", "machine-00000000", "2025-06", "s.jsonl");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join("\n")}\n`);
  writeFileSync(join(directory, "turnlog.json"), '{"format":1}\n');
  const store = await stores.open({}, directory);
  const [entry] = await store.session("s").history();
  expect(entry!.parts.map(({ data }) => data.v)).toEqual(["first"]);
});
