// The command line between other programs: what comes in, who reads what goes out, Ctrl-C, terminals.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { jsonLinesOf, linesOf, start, storeSaying, storeWith, turnlog, turnlogHere } from "./helpers/cli.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

async function historyOf(directory: string, id: string): Promise<unknown[]> {
  const store = await stores.open({}, directory);
  const entries = await store.session(id).history();
  await store.close();
  return entries.map(({ data }) => data);
}

/** Waits until so many lines came out. */
async function linesFrom(stream: NodeJS.ReadableStream, count: number): Promise<void> {
  let lines = 0;
  for (; lines < count;) lines += String((await once(stream, "data"))[0]).split("\n").length - 1;
}

describe("append", () => {
  test("reads JSONL with blank lines, CRLF, a byte order mark and no newline at the end", async () => {
    const directory = stores.directory();
    const input = '\uFEFF{"n":1}\r\n\r\n  \n{"n":"\u2028é"}\n{"n":3,"id":"three"}';
    const { code, stdout } = await turnlog(["--store", directory, "append", "--create", "s", "--json"], { input });
    const receipts = jsonLinesOf(stdout);
    expect([code, receipts.length, receipts[2]]).toEqual([0, 3, { session: "s", id: "three", at: expect.any(String) }]);
    expect(await historyOf(directory, "s")).toEqual([{ n: 1 }, { n: "\u2028é" }, { n: 3, id: "three" }]);
  });

  test("reads one object over several lines", async () => {
    const directory = stores.directory();
    const message = { role: "user", content: "hi", deep: { list: [1, 2] } };
    const input = JSON.stringify(message, undefined, 2);
    const { stdout, stderr } = await turnlog(["--store", directory, "append", "--create"], { input });
    expect(stderr).toBe("appended 1 message\n");
    expect(await historyOf(directory, stdout.trim())).toEqual([message]);
  });

  test("an invalid line is named by its number; before it each line stands, of it and after it nothing", async () => {
    const directory = stores.directory();
    const cases: [string | Buffer, string][] = [
      ['{"a":', "is not JSON"],
      ["\u001b[31m{}", "is not JSON"],
      ["{} {}", "is not JSON"],
      ['{"a":1}\r{"a":2}', "is not JSON"],
      ["null", "is not a message: it must be a JSON object"],
      ["[{}]", "is not a message: it must be a JSON object"],
      ['""', "is not a message: it must be a JSON object"],
      [Buffer.from('{"a":"\xff"}', "latin1"), "is not UTF-8"],
    ];
    for (const [index, [line, words]] of cases.entries()) {
      const id = `each-${index}`;
      const input = Buffer.concat([Buffer.from('{"n":1}\n\n{"n":2}\n'), Buffer.from(line), Buffer.from('\n{"n":3}\n')]);
      const each = await turnlog(["--store", directory, "append", "--create", id], { input });
      expect(each.stderr).toBe(`turnlog: line 4 ${words} (2 messages before it were appended)\n`);
      expect([each.code, each.stdout]).toEqual([2, ""]);
      expect(await historyOf(directory, id)).toEqual([{ n: 1 }, { n: 2 }]);
      if (index > 0) continue;
      const all = await turnlog(["--store", directory, "append", "--create", "all", "--atomic"], { input });
      expect([all.code, all.stderr]).toEqual([2, `turnlog: line 4 ${words}\n`]);
    }
    const ids = (await turnlog(["--store", directory, "ls", "--json"])).stdout;
    expect(jsonLinesOf(ids).filter(({ id }) => id === "all")).toEqual([]);
  });

  test("an object over several lines that never ends, or is followed by others, is an invalid line", async () => {
    const directory = await storeWith(stores, 1);
    const before = logsOf(directory);
    for (const input of ['{\n"a":1\n', '{\n"a":1\n}\n{}\n', '{"a":\n{}\n']) {
      const { code, stderr } = await turnlog(["--store", directory, "append", "s"], { input });
      expect([code, stderr]).toEqual([2, "turnlog: line 1 is not JSON\n"]);
    }
    expect(logsOf(directory)).toEqual(before);
  });

  test("what the store refuses names the line, too", async () => {
    const directory = await storeWith(stores, 1);
    const run = async (input: string): Promise<unknown[]> => {
      const { code, stderr } = await turnlog(["--store", directory, "append", "s"], { input });
      return [code, stderr];
    };
    expect(await run('{"id":"m1","role":"user","content":"text 1"}\n{"id":"m1","other":1}')).toEqual([
      1,
      expect.stringMatching(/^turnlog: line 2: message "m1" is there with other content; .* \(1 message before it was/),
    ]);
    expect(await run('{"id":""}')).toEqual([2, expect.stringMatching(/^turnlog: line 1: the id of a message must be/)]);
    expect(await run("")).toEqual([1, "turnlog: no message on stdin\n"]);
    expect(await historyOf(directory, "s")).toHaveLength(1);
  });

  test("each line is safe when its receipt comes, while the input goes on; a wrong line ends it at once", async () => {
    const directory = stores.directory();
    const { process, ended } = start(["--store", directory, "append", "--create", "s", "--json"]);
    for (const n of [1, 2]) {
      process.stdin.write(`{"n":${n}}\n`);
      await linesFrom(process.stdout, 1);
      expect(await historyOf(directory, "s")).toHaveLength(n);
    }
    process.stdin.write("wrong\n");
    expect((await ended).code).toBe(2);
  });

  test("goes on when nobody reads its receipts any more", async () => {
    const directory = stores.directory();
    const { process, ended } = start(["--store", directory, "append", "--create", "s", "--json"]);
    process.stdout.destroy();
    process.stdin.end('{"n":1}\n'.repeat(500));
    expect(await ended).toMatchObject({ code: 0, stderr: "appended 500 messages\n" });
    expect(await historyOf(directory, "s")).toHaveLength(500);
  });
});

describe("who reads the output", () => {
  test("may go at any time: the command ends, quietly", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    const content = "x".repeat(10_000);
    await store.session("s", { create: true }).append(Array.from({ length: 500 }, () => ({ role: "user", content })));
    await store.close();
    for (const args of [
      ["show", "s", "--all"],
      ["export"],
      ["export", "--format", "json"],
      ["show", "s", "--json", "--last", "100"],
    ]) {
      const { process, ended } = start(["--store", directory, ...args]);
      await once(process.stdout, "data");
      process.stdout.destroy();
      expect(await ended, args.join(" ")).toMatchObject({ code: 0, stderr: "" });
    }
    const shell = spawnSync("sh", ["-c", '"$0" "$1" --store "$2" show s --all | head -1', ...shellArgs(directory)]);
    expect([String(shell.stdout), String(shell.stderr)]).toEqual([expect.stringMatching(/^user {2}.*\n$/), ""]);
  });

  test.skipIf(!existsSync("/dev/full"))("may be a full disk: that is exit 5", async () => {
    const directory = await storeWith(stores, 1);
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(
      process.execPath,
      [...shellArgs(directory).slice(1, 2), "--store", directory, "ls"],
      {
        stdio: ["ignore", full, "pipe"],
      },
    );
    closeSync(full);
    expect([status, String(stderr)]).toEqual([
      5,
      expect.stringMatching(/^turnlog: could not write the output: ENOSPC/),
    ]);
  });
});

describe("Ctrl-C", () => {
  test("ends an append between two commits: exit 130, and what was acknowledged is there", async () => {
    const directory = stores.directory();
    const { process, ended } = start(["--store", directory, "append", "--create", "s", "--json"]);
    process.stdin.write('{"n":1}\n{"n":2}\n{"n":');
    await linesFrom(process.stdout, 2);
    process.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130, stderr: "turnlog: interrupted\n" });
    expect(await historyOf(directory, "s")).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("ends a command whose output nobody takes", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    await store.session("s", { create: true }).append(Array.from({ length: 300 }, () => ({ c: "x".repeat(10_000) })));
    await store.close();
    const { process, ended } = start(["--store", directory, "export"]);
    await once(process.stdout, "data");
    process.stdout.pause();
    const exited = once(process, "exit");
    process.kill("SIGINT");
    await exited;
    process.stdout.resume();
    expect((await ended).code).toBe(130);
  });
});

describe("a terminal", () => {
  const evil = "a\u001b]0;owned\u0007\u001b[2J\u009b31m\u202eb\rc\u0000\u007f";
  // oxlint-disable-next-line no-control-regex -- they are what it looks for
  const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/;

  test("gets no control character of a title, a message, an id or an argument", async () => {
    const safe = evil.replace("\0", "");
    const directory = await storeSaying(stores, evil, safe);
    for (const args of [
      ["ls"],
      ["show", "a"],
      ["info", "a"],
      ["export"],
      ["ls", "--json"],
      ["show", "a", "--json"],
      ["info", "a", "--json"],
    ]) {
      const { code, stdout, stderr } = await turnlog(["--store", directory, ...args]);
      expect([code, CONTROLS.exec(stdout + stderr)?.[0]], args.join(" ")).toEqual([0, undefined]);
    }
    const [listed] = jsonLinesOf((await turnlog(["--store", directory, "ls", "--json"])).stdout);
    expect([listed.id, listed.title]).toEqual([safe, evil]);
    const { stdout } = await turnlog(["--store", directory, "ls"]);
    expect(stdout).toContain("a\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u202eb c\\u0000\\u007f");
    for (const args of [["show", `x${safe}`], [safe], ["ls", `--${safe}`]]) {
      expect(CONTROLS.test((await turnlog(["--store", directory, ...args])).stderr)).toBe(false);
    }
  });

  test("gets columns with a head, cut to its width, and colours unless NO_COLOR says no", async () => {
    const directory = stores.directory();
    const store = await stores.open({}, directory);
    await store.createSession({ id: "long", title: "title ".repeat(50) });
    await store.session("long").append({ role: "user", content: "hi" });
    await store.createSession({ id: "s", title: "short" });
    await store.close();
    const ls = ["--store", directory, "ls"];
    const plain = await turnlogHere(ls, { isTTY: true, env: { NO_COLOR: "1" } });
    expect(linesOf(plain.stdout)).toEqual([
      "ID    UPDATED               MESSAGES  TITLE",
      expect.stringMatching(/^s     \d{4}-\S+Z  0         short$/),
      expect.stringMatching(/^long  \d{4}-\S+Z  1         title title .*…$/),
    ]);
    expect(Math.max(...linesOf(plain.stdout).map((line) => line.length))).toBe(80);
    const escape = "\u001b[";
    const show = ["--store", directory, "show", "long"];
    for (const args of [ls, show]) {
      expect((await turnlogHere(args, { isTTY: true })).stdout).toContain(escape);
      expect((await turnlogHere(args, { isTTY: true, env: { NO_COLOR: "1" } })).stdout).not.toContain(escape);
      expect((await turnlogHere(args, { isTTY: true, env: { TERM: "dumb" } })).stdout).not.toContain(escape);
      expect((await turnlogHere([...args, "--json"], { isTTY: true })).stdout).not.toContain(escape);
      expect((await turnlogHere(args)).stdout).not.toContain(escape);
    }
  });
});

/** What a shell needs to run it: the program, the script, the store. */
function shellArgs(directory: string): string[] {
  return [process.execPath, new URL("../dist/tools/cli.js", import.meta.url).pathname, directory];
}

test("what npm start runs ends well, without a warning of the system's", () => {
  const script = new URL("../dist/tools/start.js", import.meta.url).pathname;
  const env = { ...process.env, TMPDIR: stores.unverified() };
  const { status, stderr, stdout } = spawnSync(process.execPath, [script], { encoding: "utf8", env });
  expect(status).toBe(0);
  expect(stdout).toContain("turnlog --store");
  expect(stderr).not.toContain("Warning");
});
