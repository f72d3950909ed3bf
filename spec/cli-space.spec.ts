// The command line: what the store takes, what could go, what went and comes back, what is erased.
import { existsSync, readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { main } from "../tools/main.ts";
import { agedStore, FOUR } from "./helpers/aged.ts";
import { jsonLinesOf, linesOf, turnlog, turnlogHere } from "./helpers/cli.ts";
import type { Result } from "./helpers/cli.ts";
import { filesIn, useStores } from "./helpers/stores.ts";

const stores = useStores();

afterEach(() => {
  vi.useRealTimers();
});

const aged = (): Promise<string> => agedStore(stores.directory(), FOUR);

test("stats tells where the bytes are: rows for programs, bars for people, one line of JSON", async () => {
  const directory = await aged();
  const rows = linesOf((await turnlog(["--store", directory, "stats"])).stdout).map((line) => line.split("\t"));
  expect(rows.slice(0, 6).map(([place]) => place)).toEqual([
    "logs",
    "blobs",
    "archive",
    "trash",
    "lost+found",
    "cache",
  ]);
  expect(rows.slice(6, 10).map(([id, , messages, title]) => [id, messages, title])).toEqual(
    ["a", "c", "d", "b"].map((id) => [id, "1", `title of ${id}`]),
  );
  const [json] = jsonLinesOf((await turnlog(["--store", directory, "stats", "--json", "--lines"])).stdout);
  expect(json.logs).toEqual({ files: 4, bytes: Number(rows[0]?.[1]) });
  expect(json.lines.types.message.lines).toBe(4);
  const { stdout } = await turnlogHere(["--store", directory, "stats"], { isTTY: true, env: { NO_COLOR: "1" } });
  expect(stdout).toMatch(/^a +\d[\d.]* KB +1 +█{24} title of a$/m);
});

describe("prune", () => {
  test("only tells what would go, until --apply is given", async () => {
    const directory = await aged();
    const before = filesIn(`${directory}/sessions`).map((path) => readFileSync(path, "utf8"));
    const plan = await turnlog(["--store", directory, "prune", "--max-age-days", "25"]);
    expect(linesOf(plan.stdout).map((line) => line.split("\t")[0])).toEqual(["d", "c"]);
    expect(plan.stderr).toContain("would move 2 sessions");
    expect(plan.code).toBe(0);
    expect(filesIn(`${directory}/sessions`).map((path) => readFileSync(path, "utf8"))).toEqual(before);
    const applied = await turnlog(["--store", directory, "prune", "--max-age-days", "25", "--keep", "c", "--apply"]);
    expect(applied).toMatchObject({ code: 0, stdout: "d\n" });
    expect(applied.stderr).toContain("stays: c (kept)");
    const left = await turnlog(["--store", directory, "ls"]);
    expect(linesOf(left.stdout).map((line) => line.split("\t")[0])).toEqual(["a", "b", "c"]);
    const none = await turnlog(["--store", directory, "prune", "--max-sessions", "3", "--json"]);
    expect([none.code, none.stdout]).toEqual([0, ""]);
  });

  test("without a limit, or with a wrong one, is a mistake", async () => {
    const directory = await aged();
    for (const args of [
      [],
      ["--max-sessions", "x"],
      ["--max-sessions", "1", "--by", "size"],
      ["s", "--max-sessions", "1"],
    ])
      expect((await turnlog(["--store", directory, "prune", ...args])).code, args.join(" ")).toBe(2);
  });
});

test("what was deleted is listed by trash, and comes back with restore", async () => {
  const directory = await aged();
  expect((await turnlog(["--store", directory, "trash"])).code).toBe(1);
  await turnlog(["--store", directory, "rm", "a", "b"]);
  const listed = jsonLinesOf((await turnlog(["--store", directory, "trash", "--json"])).stdout);
  expect(listed.map(({ id, title }) => [id, title])).toEqual([
    ["a", "title of a"],
    ["b", "title of b"],
  ]);
  expect(await turnlog(["--store", directory, "restore", "a"])).toMatchObject({ code: 0, stdout: "a\n" });
  expect((await turnlog(["--store", directory, "restore", "none"])).code).toBe(1);
  expect((await turnlog(["--store", directory, "trash", "--empty"])).code).toBe(2);
  const would = await turnlog(["--store", directory, "trash", "--empty", "--dry-run", "--json"]);
  expect(jsonLinesOf(would.stdout)).toEqual([{ sessions: 1, bytes: listed[1].bytes }]);
  expect(existsSync(listed[1].path)).toBe(true);
  expect((await turnlog(["--store", directory, "trash", "--empty", "--yes"])).code).toBe(0);
  expect(existsSync(listed[1].path)).toBe(false);
  expect((await turnlog(["--store", directory, "restore", "b"])).code).toBe(1);
});

/** On a terminal where a person types this. */
async function answered(args: readonly string[], answer: string): Promise<Result> {
  const result: Result = { code: -1, stdout: "", stderr: "" };
  const terminal = (name: "stdout" | "stderr"): PassThrough & { isTTY: boolean } => {
    const stream = new PassThrough({ encoding: "utf8" });
    stream.on("data", (text: string) => (result[name] += text));
    return Object.assign(stream, { isTTY: true });
  };
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  stdin.write(answer);
  const signal = new AbortController().signal;
  const io = { stdin, stdout: terminal("stdout"), stderr: terminal("stderr"), env: {}, directory: "/", signal };
  return { ...result, code: await main(args, io), stderr: result.stderr };
}

describe("purge", () => {
  test("erases nothing unless --yes or a person says so", async () => {
    const directory = await aged();
    const has = (text: string): boolean => filesIn(directory).some((path) => readFileSync(path).includes(text));
    expect((await turnlog(["--store", directory, "purge", "a"])).code).toBe(2);
    expect((await answered(["--store", directory, "purge", "a"], "n\n")).code).toBe(1);
    expect((await answered(["--store", directory, "purge", "a"], "\n")).code).toBe(1);
    expect(has("title of a")).toBe(true);
    expect((await answered(["--store", directory, "purge", "a"], "y\n")).code).toBe(0);
    expect(has("title of a")).toBe(false);
    const json = await turnlog(["--store", directory, "purge", "b", "--yes", "--json"]);
    expect(jsonLinesOf(json.stdout)).toEqual([{ erased: 2, heldBy: [] }]);
    expect((await turnlog(["--store", directory, "purge", "none", "--yes"])).code).toBe(1);
  });

  test("of messages leaves the session, and of a deleted session nothing", async () => {
    const directory = await aged();
    const has = (text: string): boolean => filesIn(directory).some((path) => readFileSync(path).includes(text));
    expect((await turnlog(["--store", directory, "purge", "c", "x", "--yes"])).code).toBe(1);
    expect((await turnlog(["--store", directory, "purge", "c", "a", "--yes"])).code).toBe(0);
    expect((await turnlog(["--store", directory, "show", "c"])).stdout).toBe("");
    expect(has("title of c")).toBe(true);
    await turnlog(["--store", directory, "rm", "d"]);
    expect(has("title of d")).toBe(true);
    expect((await turnlog(["--store", directory, "purge", "d", "--yes"])).code).toBe(0);
    expect(has("title of d")).toBe(false);
  });
});
