// The command line: what the verbs do and print.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonLinesOf, linesOf, storeWith, turnlog } from "./helpers/cli.ts";
import { logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

describe("ls", () => {
  test("lists the newest first, a page at a time, without children, by project and tag", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    await store.createSession({ id: "a", title: "First", project: "p" });
    await store.createSession({ id: "b", title: "Second", tags: ["x", "y"] });
    await store.createSession({ id: "c", parent: "a" });
    // The order is that of the lines' times, in milliseconds.
    for (const created = Date.now(); Date.now() === created;) await new Promise((resolve) => setImmediate(resolve));
    await store.session("a").append({ role: "user", content: "hi" });
    await store.close();
    const ids = async (...args: string[]): Promise<string[]> =>
      jsonLinesOf((await turnlog(["--store", directory, "ls", "--json", ...args])).stdout).map(({ id }) => id);
    expect(await ids()).toEqual(["a", "b"]);
    expect(await ids("--all")).toEqual(["a", "c", "b"]);
    expect(await ids("--project", "p")).toEqual(["a"]);
    expect(await ids("--tag", "x", "--tag", "y")).toEqual(["b"]);
    const page = await turnlog(["ls", "--store", directory, "--limit", "1"]);
    expect(page.stdout).toMatch(/^a\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\t1\tFirst\n$/);
    const cursor = /^more: --after '(.*)'\n$/.exec(page.stderr)?.[1] ?? "";
    expect(await ids("--limit", "1", "--after", cursor)).toEqual(["b"]);
    const none = await turnlog(["--store", directory, "ls", "--tag", "z"]);
    expect(none).toEqual({ code: 1, stdout: "", stderr: "no sessions\n" });
  });

  test("a damaged session is listed with its reason beside the others; asked for itself it is exit 4", async () => {
    const directory = await storeWith(stores, 1, "bad", stores.unverified());
    writeFileSync(onlyLog(directory), "no line of a log\n");
    await storeWith(stores, 2, "good", directory);
    const { code, stdout, stderr } = await turnlog(["--store", directory, "ls"]);
    expect(code).toBe(1);
    expect(linesOf(stdout)).toEqual([
      expect.stringMatching(/^good\t/),
      expect.stringMatching(/^bad\t-\t-\tdamaged: ./),
    ]);
    expect(stderr).toContain("1 session cannot be read\n");
    for (const verb of ["show", "info", "export"]) {
      expect((await turnlog(["--store", directory, verb, "bad"])).code, verb).toBe(4);
    }
    const all = await turnlog(["--store", directory, "export", "--format", "json"]);
    expect(all.code).toBe(1);
    expect(JSON.parse(all.stdout).map(({ session }: any) => session)).toEqual(["good", "good"]);
    expect(all.stderr).toContain("session bad: ");
  });
});

describe("show", () => {
  test("shows the newest 20 messages, and how to go back from them", async () => {
    const directory = await storeWith(stores, 45);
    const numbers = ({ stdout }: { stdout: string }): number[] =>
      [...stdout.matchAll(/^text (\d+)$/gm)].map((match) => Number(match[1]));
    const range = (first: number, last: number): number[] =>
      Array.from({ length: last - first + 1 }, (_, n) => first + n);
    const newest = await turnlog(["--store", directory, "show", "s"]);
    expect(numbers(newest)).toEqual(range(26, 45));
    const cursor = /--before '(.*)'/.exec(newest.stderr)?.[1] ?? "";
    expect(numbers(await turnlog(["--store", directory, "show", "s", "--before", cursor]))).toEqual(range(6, 25));
    const oldest = await turnlog(["--store", directory, "show", "s", "--before", "m4", "--last", "30"]);
    expect([numbers(oldest), oldest.stderr]).toEqual([range(1, 3), ""]);
    expect(numbers(await turnlog(["--store", directory, "show", "s", "--all"]))).toEqual(range(1, 45));
    const json = jsonLinesOf((await turnlog(["--store", directory, "show", "s", "--last", "2", "--json"])).stdout);
    expect(json.map(({ id, data, parts }) => [id, data.content, parts])).toEqual([
      ["m44", "text 44", []],
      ["m45", "text 45", []],
    ]);
  });

  test("the words of a message stand alone, and each thing that is no words is one line", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const session = await store.createSession({ id: "s" });
    await session.append([
      { id: "1", role: "user", content: "two\nlines" },
      {
        id: "2",
        role: "assistant",
        content: [
          { type: "thinking", thinking: "let me\nsee" },
          { type: "text", text: "I look." },
          { type: "tool_use", id: "t1", name: "bash", input: { command: "ls\n-l" } },
        ],
      },
      {
        id: "3",
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", is_error: true, content: [{ type: "text", text: "no\nsuch" }] },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "aGVsbG8h" } },
          { type: "novelty", x: 1 },
        ],
      },
      { id: "4", role: "assistant", content: "", tool_calls: [{ function: { name: "get", arguments: '{"a":1}' } }] },
      { id: "5", n: 1 },
      { id: "6", role: "assistant" },
    ]);
    await session.putPart("6", { type: "text", text: "a part" });
    await session.putPart("6", { type: "tool", tool: "read", state: { input: { path: "f" }, output: "long" } });
    await store.close();
    const { stdout } = await turnlog(["--store", directory, "show", "s"]);
    const shown = stdout
      .trimEnd()
      .split(/\n\n/)
      .map((message) => message.replace(/^(\S+) {2}\S+Z {2}/, "$1 "));
    expect(shown).toEqual([
      "user 1\ntwo\nlines",
      '[thinking] let me see\nI look.\n[tool_use bash] {"command":"ls\\n-l"}'.replace(/^/, "assistant 2\n"),
      'user 3\n[tool_result, error] no such\n[image image/png, 6 bytes]\n[novelty] {"x":1}',
      'assistant 4\n[tool_call get] {"a":1}',
      'message 5\n{"id":"5","n":1}',
      'assistant 6\na part\n[tool read] {"path":"f"}\n[tool result] long',
    ]);
  });

  test("what is wrong with a log is told on stderr, beside all that can be read", async () => {
    const directory = await storeWith(stores, 3, "s", stores.unverified());
    const log = onlyLog(directory);
    writeFileSync(log, `${readFileSync(log, "utf8").replace("text 2", "TEXT 2")}{"at":"torn`);
    const { code, stdout, stderr } = await turnlog(["--store", directory, "show", "s"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^text 1\n\nuser .* altered after it was written\nTEXT 2\n\nuser .*\ntext 3$/m);
    expect(linesOf(stderr)).toHaveLength(2);
    for (const line of linesOf(stderr)) expect(line).toMatch(/^turnlog: warning: session s: .*, byte \d+\)$/);
  });
});

describe("what changes a session", () => {
  test("truncate hides the oldest or the newest messages; a dry run tells the same number and writes nothing", async () => {
    const directory = await storeWith(stores, 10);
    const before = logsOf(directory);
    const run = async (...args: string[]): Promise<any> =>
      JSON.parse((await turnlog(["--store", directory, "truncate", "s", "--json", ...args])).stdout);
    const ranges = [
      ["--after", "m9", 1],
      ["--before", "m3", 2],
      ["--keep-last", "4", 3],
      ["--keep-last", "9", 0],
    ] as const;
    const first = [];
    for (const [option, value] of ranges) first.push((await run(option, value, "--dry-run")).hidden);
    expect(first).toEqual([1, 2, 6, 1]);
    expect(logsOf(directory)).toEqual(before);
    for (const [option, value, hidden] of ranges) expect(await run(option, value)).toEqual({ id: "s", hidden });
    const words = await turnlog(["--store", directory, "truncate", "s", "--keep-last", "3"]);
    expect(words).toEqual({ code: 0, stdout: "", stderr: "hid 1 message of s\n" });
    const left = jsonLinesOf((await turnlog(["--store", directory, "export", "s", "--data"])).stdout);
    expect(left.map(({ id }) => id)).toEqual(["m7", "m8", "m9"]);
    expect((await turnlog(["--store", directory, "truncate", "s", "--after", "none"])).code).toBe(1);
  });

  test("rm deletes sessions, with --children those below them, and can be restored but with --forever", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    for (const [id, parent] of [["top"], ["below", "top"], ["deep", "below"], ["other"]]) {
      await store.createSession({ id, parent, title: "t" });
    }
    const run = async (...args: string[]): Promise<unknown[]> => {
      const { code, stdout, stderr } = await turnlog(["--store", directory, "rm", ...args]);
      return [code, linesOf(stdout), stderr];
    };
    const ids = ["deep", "below", "top"];
    expect(await run("top", "--children", "--dry-run")).toEqual([0, ids, "would delete 3 sessions to trash/\n"]);
    expect(await store.count({ all: true })).toBe(4);
    expect(await run("top", "--children")).toEqual([0, ids, "deleted 3 sessions to trash/\n"]);
    expect(await run("other", "--forever")).toEqual([0, ["other"], "deleted 1 session forever\n"]);
    expect(await run("other")).toEqual([1, [], 'turnlog: no session "other"\n']);
    expect(await store.count({ all: true })).toBe(0);
    await store.session("top").restore();
    expect(await store.get("top")).toMatchObject({ title: "t" });
    expect(readdirSync(join(directory, "trash")).filter((name) => name.includes("other"))).toEqual([]);
    await store.close();
  });

  test("info sets what is natural to set, and an empty value clears it", async () => {
    const directory = await storeWith(stores, 1);
    const set = ["title=a=b", "tags=x, y", "pinned=true", "project=p"].flatMap((each) => ["--set", each]);
    const run = async (...args: string[]): Promise<any> =>
      JSON.parse((await turnlog(["--store", directory, "info", "s", "--json", ...args])).stdout);
    expect(await run(...set)).toMatchObject({
      title: "a=b",
      tags: ["x", "y"],
      pinned: true,
      project: "p",
      messages: 1,
    });
    expect(await run("--set", "title=")).not.toHaveProperty("title");
    expect((await turnlog(["--store", directory, "info", "s"])).stdout).toMatch(/^project +p$/m);
    for (const wrong of ["title", "colour=red", "pinned=maybe"]) {
      expect((await turnlog(["--store", directory, "info", "s", "--set", wrong])).code, wrong).toBe(2);
    }
  });
});

test("export writes what append reads: a session goes through both unchanged", async () => {
  const directory = await storeWith(stores, 3);
  const lines = (await turnlog(["--store", directory, "export", "s", "--data"])).stdout;
  const appended = await turnlog(["--store", directory, "append", "--create", "copy"], { input: lines });
  expect(appended).toEqual({ code: 0, stdout: "copy\n", stderr: "appended 3 messages\n" });
  expect((await turnlog(["--store", directory, "export", "copy", "--data"])).stdout).toBe(lines);
  const array = JSON.parse((await turnlog(["--store", directory, "export", "--format", "json"])).stdout);
  expect(array.map(({ session, id }: any) => [session, id])).toEqual(
    ["copy", "s"].flatMap((session) => ["m1", "m2", "m3"].map((id) => [session, id])),
  );
  const store = await stores.open({}, directory);
  await store.session("s").putPart("m1", { id: "p", n: 1 });
  await store.close();
  const [first] = jsonLinesOf((await turnlog(["--store", directory, "export", "s"])).stdout);
  expect(first.parts).toEqual([expect.objectContaining({ id: "p", data: { id: "p", n: 1 } })]);
  const bare = await turnlog(["--store", directory, "export", "s", "--data"]);
  expect([bare.stdout, bare.stderr]).toEqual([lines, "1 part of messages left out\n"]);
});
