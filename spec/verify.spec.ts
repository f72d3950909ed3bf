// verify() finds what is wrong with a store, says where and what it means, and changes nothing.
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import type { Store, VerifyCode, VerifyProblem } from "../lib/index.ts";
import { linesOf, storeWith, turnlog } from "./helpers/cli.ts";
import { sealed, usedInEveryWay } from "./helpers/every-type.ts";
import { stateOf } from "./helpers/files.ts";
import { run } from "./helpers/processes.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

async function problemsOf(directory: string, ids?: string[]): Promise<VerifyProblem[]> {
  const store = await openStore(directory);
  try {
    return await collect(store.verify({ ids }));
  } finally {
    await store.close();
  }
}

/** What verify says of a store whose one log was changed so, and that it changed nothing. */
async function after(change: (lines: string[]) => string): Promise<VerifyProblem[]> {
  const directory = await storeWith(stores, 4, "s", stores.unverified());
  const path = onlyLog(directory);
  const content = change(linesOf(readFileSync(path, "utf8")));
  writeFileSync(path, content, "latin1");
  const before = stateOf(join(directory, "sessions"));
  const problems = await problemsOf(directory);
  expect(stateOf(join(directory, "sessions"))).toEqual(before);
  for (const { file, machine, session, message, offset = 0, bytes = 0 } of problems) {
    expect([file, session]).toEqual([path, "s"]);
    expect(path).toContain(`/${machine}/`);
    expect(message).not.toBe("");
    expect(offset + bytes).toBeLessThanOrEqual(Buffer.byteLength(content, "latin1"));
  }
  return problems;
}

const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
const stamp = (n: number, writer = "zzzzzzzz"): string =>
  `2099-01-01T00:00:00.${String(n).padStart(3, "0")}Z-0000-${writer}`;

const CASES: readonly (readonly [what: string, change: (lines: string[]) => string, codes: VerifyCode[]])[] = [
  ["nothing", text, []],
  ["a torn end", (lines) => `${text(lines)}{"at":"2026`, ["torn"]],
  ["a torn end that was sealed", ([first = "", ...rest]) => text([first, '{"at":"20', ...rest]), ["fragment"]],
  ["a line cut in the middle", (lines) => text(lines.with(2, `x${lines[2]!.slice(1)}`)), ["damaged"]],
  ["a line that was edited", (lines) => text(lines.with(2, lines[2]!.replace("text 2", "text X"))), ["altered"]],
  [
    "two lines on one",
    (lines) => text([...lines.slice(0, 2), lines[2]! + lines[3]!, ...lines.slice(4)]),
    ["glued", "glued"],
  ],
  [
    "a conflict",
    (lines) => text([lines[0]!, "<<<<<<< ours", "=======", ...lines.slice(1), ">>>>>>> theirs"]),
    ["conflict", "conflict", "conflict"],
  ],
  ["NULs between lines", (lines) => text(lines.with(1, `${"\0".repeat(512)}${lines[1]}`)), ["nul"]],
  ["NULs at the end", (lines) => `${text(lines)}${"\0".repeat(4096)}`, ["nul"]],
  ["carriage returns", (lines) => lines.map((line) => `${line}\r\n`).join(""), ["line-ends"]],
  ["a byte order mark", (lines) => `\u00ef\u00bb\u00bf${text(lines)}`, ["line-ends"]],
  ["no newline at the end", (lines) => lines.join("\n"), ["unended"]],
  ["blank lines", (lines) => text(lines.flatMap((line) => [line, "", "  "])), []],
  ["lines in another order", (lines) => text([lines[0]!, ...lines.slice(1).reverse()]), ["unsorted"]],
  ["lines that stand twice", (lines) => text(lines.flatMap((line) => [line, line])), ["repeated"]],
  [
    "two lines with one stamp",
    (lines) => text([...lines, sealed({ at: JSON.parse(lines.at(-1)!).at, type: "message", id: "a", data: {} })]),
    ["twice"],
  ],
  [
    "a commit without its end",
    (lines) => text([...lines, sealed({ at: stamp(1), type: "open", after: JSON.parse(lines.at(-1)!).at, batch: 2 })]),
    ["incomplete"],
  ],
  ["no header", (lines) => text(lines.slice(1)), ["no-header", "orphan"]],
  ["no bytes", () => "", ["no-header"]],
  ["a text that is no log", () => "no log\nat all\n", ["no-header", "damaged", "damaged"]],
  [
    "another session's header",
    (lines) => text(lines.with(0, sealed({ ...JSON.parse(lines[0]!), id: "t", crc: undefined }))),
    ["foreign-header"],
  ],
  [
    "a later version's header",
    (lines) => text(lines.with(0, sealed({ ...JSON.parse(lines[0]!), data: { format: 2 }, crc: undefined }))),
    ["newer-format"],
  ],
  [
    "a run without its beginning",
    (lines) => text([...lines, sealed({ at: stamp(1), type: "message", id: "m", data: {} })]),
    ["orphan"],
  ],
  [
    "a run that goes on from nowhere",
    (lines) => text([...lines, sealed({ at: stamp(1), type: "open", after: stamp(0, "yyyyyyyy") })]),
    ["gap"],
  ],
  [
    "a part of no message",
    (lines) =>
      text([
        ...lines,
        sealed({ at: stamp(1), type: "open", after: JSON.parse(lines.at(-1)!).at }),
        sealed({ at: stamp(3), type: "part", id: "p", message: stamp(2), data: {} }),
      ]),
    ["gap"],
  ],
  [
    "a line that names a later one",
    (lines) => text([...lines, sealed({ at: stamp(1), type: "open", after: stamp(2) })]),
    ["gap"],
  ],
];

test.each(CASES)("%s: verify says so, and changes nothing", async (_, change, codes) => {
  expect((await after(change)).map(({ code }) => code)).toEqual(codes);
});

test("what was never acknowledged is a warning, what was written and cannot be read as it was an error", async () => {
  const severityOf = async (what: string): Promise<unknown> => {
    const [, change] = CASES.find(([name]) => name === what)!;
    return (await after(change))[0]!.severity;
  };
  expect(await severityOf("a torn end")).toBe("warning");
  expect(await severityOf("a line that was edited")).toBe("error");
  expect(await severityOf("no header")).toBe("error");
  expect(await severityOf("lines in another order")).toBe("info");
});

test("an offset is where the bytes stand, and only this machine's logs can be repaired here", async () => {
  const directory = await storeWith(stores, 4, "s", stores.unverified());
  const path = onlyLog(directory);
  const content = readFileSync(path);
  writeFileSync(path, Buffer.concat([content, Buffer.from("damage\n")]));
  const [own] = await problemsOf(directory);
  expect(own).toMatchObject({ code: "damaged", offset: content.length, bytes: 6, isRepairable: true });
  const other = path.replace(/\/sessions\/[^/]+/, "/sessions/other-00000000");
  mkdirSync(dirname(other), { recursive: true });
  renameSync(path, other);
  const [theirs] = await problemsOf(directory);
  expect(theirs).toMatchObject({ code: "damaged", file: other, machine: "other-00000000", isRepairable: false });
  expect(theirs!.message).toContain("other-00000000");
});

test("one session that cannot be read stops no other, and hides none", async () => {
  const directory = stores.unverified();
  for (const id of ["a", "b", "c", "d"]) await storeWith(stores, 2, id, directory);
  const store = await openStore(directory);
  const pathOf = (id: string): string =>
    join(directory, "sessions", store.machine, new Date().toISOString().slice(0, 7), `${id}.jsonl`);
  rmSync(pathOf("b"));
  mkdirSync(pathOf("b"));
  writeFileSync(pathOf("c"), "\0".repeat(1000));
  writeFileSync(pathOf("d"), `${readFileSync(pathOf("d"), "utf8")}x`);
  const found = await collect(store.verify());
  expect(found.map(({ code, session }) => `${session} ${code}`).toSorted()).toEqual([
    "b unreadable",
    "c no-header",
    "c nul",
    "d torn",
  ]);
  expect((await collect(store.verify({ ids: ["a", "d"] }))).map(({ session }) => session)).toEqual(["d"]);
  await expect(collect(store.verify({ ids: ["none"] }))).rejects.toThrow(
    expect.objectContaining({ code: "NOT_FOUND" }),
  );
  await store.close();
});

test("two logs of one machine, and lines with one stamp that differ between logs", async () => {
  const directory = await storeWith(stores, 3, "s", stores.unverified());
  const path = onlyLog(directory);
  const copy = path.replace(/\d{4}-\d\d(?=\/s\.jsonl)/, "2025-01");
  mkdirSync(dirname(copy), { recursive: true });
  writeFileSync(copy, readFileSync(path));
  expect((await problemsOf(directory)).map(({ code, file }) => [code, file])).toEqual([["two-logs", path]]);
  writeFileSync(copy, readFileSync(path, "utf8").replace("text 3", "text 4"));
  expect((await problemsOf(directory)).map(({ code }) => code)).toEqual(["altered", "two-logs", "twice"]);
});

test("attachments: a content that is not what its name says, and one that is named and missing", async () => {
  const directory = stores.unverified();
  const content = Buffer.from("attached");
  const hash = createHash("sha256").update(content).digest("hex");
  const blob = join(directory, "blobs", hash.slice(0, 2), `${hash}.txt`);
  const store = await stores.open<any>({}, directory);
  const reference = { $blob: `sha256-${hash}`, bytes: content.length, mime: "text/plain" };
  const session = store.session("s", { create: true });
  // A caller's own object that looks like a reference, and a text that does.
  await session.append([{ id: "m", file: reference }, { text: JSON.stringify(reference) }]);
  expect(await collect(store.verify())).toEqual([]);
  const { at } = await session.append({ id: "last" });
  const line = { at: at.replace("Z-0000", "Z-0001"), type: "message", data: { file: reference } };
  appendFileSync(onlyLog(directory), `${sealed(line)}\n`);
  const [missing, ...others] = await collect(store.verify());
  expect([missing!.code, others]).toEqual(["blob-missing", []]);
  expect(
    readFileSync(missing!.file)
      .subarray(missing!.offset, missing!.offset! + missing!.bytes!)
      .toString(),
  ).toBe(`"$blob":"sha256-${hash}"`);
  mkdirSync(dirname(blob), { recursive: true });
  writeFileSync(blob, content);
  expect(await collect(store.verify())).toEqual([]);
  // What no line names is no problem.
  writeFileSync(join(dirname(blob), createHash("sha256").update("more").digest("hex")), "more");
  mkdirSync(join(directory, "blobs", "other"));
  writeFileSync(blob, "attacked");
  const wrong = { code: "blob-wrong", file: blob };
  expect(await collect(store.verify())).toMatchObject([{ ...wrong, isRepairable: true }]);
  expect((await store.repair({ dryRun: true })).actions).toMatchObject([{ ...wrong, action: "moved" }]);
  const { actions, left } = await store.repair();
  expect(actions).toMatchObject([{ ...wrong, action: "moved" }]);
  expect(readFileSync(actions[0]!.to!, "utf8")).toBe("attacked");
  expect(left).toMatchObject([{ code: "blob-missing", offset: missing!.offset }]);
  expect((await collect(store.verify())).map(({ code }) => code)).toEqual(["blob-missing"]);
  writeFileSync(blob, "attacked again");
  expect((await store.repair()).actions[0]?.to).toBe(`${actions[0]!.to}-2`);
});

test("a store that was used in every way, by several machines and while it is open, has nothing wrong", async () => {
  const directory = stores.directory();
  await usedInEveryWay(stores, directory);
  const store = await stores.open<any>({}, directory);
  await store.session("used").append({ more: true });
  expect(await collect(store.verify())).toEqual([]);
  await store.session("used").delete();
  expect(await collect(store.verify())).toEqual([]);
  await store.session("used").restore();
  expect(await collect(store.verify())).toEqual([]);
  const fork = await store.session("used").fork();
  expect(await collect(store.verify({ ids: [fork.id] }))).toEqual([]);
});

test("a write that is under way is waited for, and is no damage", async () => {
  const directory = await storeWith(stores, 1, "s", stores.directory());
  const path = onlyLog(directory);
  const content = readFileSync(path);
  const more = run(
    `
    const [path] = args;
    const fs = await import("node:fs");
    const line = fs.readFileSync(path, "utf8").trimEnd().split("\\n").at(-1);
    for (let n = 0; n < 200; n++) {
      // A line in two writes, over and over: whoever reads meets half of it.
      fs.appendFileSync(path, line.slice(0, 40));
      await new Promise((resolve) => setTimeout(resolve, 2));
      fs.appendFileSync(path, line.slice(40) + "\\n");
    }
    say("done");`,
    path,
  );
  const codes = new Set<string>();
  const store: Store = await openStore(directory);
  const over = more.ended.then(() => true);
  const isOver = (): Promise<boolean> => Promise.race([over, new Promise<boolean>((go) => setImmediate(go, false))]);
  do for await (const { code } of store.verify()) codes.add(code);
  while (!(await isOver()));
  await store.close();
  writeFileSync(path, content);
  expect([...codes].filter((code) => code !== "repeated")).toEqual([]);
});

test("a signal ends it, progress is told, and wrong options are refused", async () => {
  const directory = stores.directory();
  for (const id of ["a", "b", "c"]) await storeWith(stores, 2, id, directory);
  const store = await stores.open({}, directory);
  const told: number[] = [];
  await collect(store.verify({ onProgress: ({ sessions }) => told.push(sessions) }));
  expect(told).toEqual([1, 2, 3, 3]);
  const controller = new AbortController();
  const stopped = store.verify({ signal: controller.signal, onProgress: () => controller.abort() });
  await expect(collect(stopped)).rejects.toThrow("aborted");
  for (const wrong of [{ id: "a" }, { ids: "a" }, { onProgress: 1 }] as object[])
    await expect(collect(store.verify(wrong))).rejects.toThrow(TypeError);
});

test("turnlog verify: a line for each problem, exit code 4; 0 where nothing is wrong", async () => {
  const directory = await storeWith(stores, 2, "s", stores.unverified());
  const clean = await turnlog(["--store", directory, "verify"]);
  expect(clean).toMatchObject({ code: 0, stdout: "", stderr: "verified 1 session, 1 MB: nothing is wrong\n" });
  const path = onlyLog(directory);
  const { size } = statSync(path);
  writeFileSync(path, '{"at":"torn', { flag: "a" });
  const { code, stdout, stderr } = await turnlog(["--store", directory, "verify", "s"]);
  expect(code).toBe(4);
  expect(stderr.endsWith("verified 1 session, 1 MB: 1 warning\n")).toBe(true);
  expect(stdout).toMatch(new RegExp(`^warning\ttorn\tsessions/.*/s.jsonl:${size}\t[^\t\n]+\n$`));
  const json = await turnlog(["--store", directory, "verify", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ code: "torn", severity: "warning", session: "s", offset: size });
});
