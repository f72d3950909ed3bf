// turnlog grep: what it prints, and how it ends.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { jsonLinesOf, linesOf, start, storeWith, turnlog, turnlogHere } from "./helpers/cli.ts";
import { nextMs } from "./helpers/clock.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

/** A store with two sessions, `one` the newer, and something hidden. */
async function filled(): Promise<string> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const two = await store.createSession({ id: "two" });
  await two.append([
    { id: "a", role: "user", content: "Find the\nNeedle here" },
    { id: "b", content: "a needle" },
    { id: "c", role: "user", content: "a needle, gone" },
  ]);
  await two.remove("c");
  nextMs();
  await store.session("one", { create: true }).append({ id: "m", role: "assistant", content: [{ text: "needles" }] });
  await store.close();
  return directory;
}

test("prints session, time, role and the words around for each message that has the text, newest first", async () => {
  const directory = await filled();
  const { code, stdout, stderr } = await turnlog(["--store", directory, "grep", "NEEDLE"]);
  expect([code, stderr]).toEqual([0, ""]);
  const stamp = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-[0-9a-f]{4}-[0-9a-z]{8}`;
  const lines = linesOf(stdout);
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`^one\t${stamp}\tassistant\tneedles$`)),
    expect.stringMatching(new RegExp(`^two\t${stamp}\tmessage\ta needle$`)),
    expect.stringMatching(new RegExp(`^two\t${stamp}\tuser\tFind the Needle here$`)),
  ]);
  const before = await turnlogHere([
    "--store",
    directory,
    "show",
    "two",
    "--before",
    lines[1]!.split("\t")[1]!,
    "--json",
  ]);
  expect(jsonLinesOf(before.stdout).map(({ id }) => id)).toEqual(["a"]);
});

test("in some sessions only, with case, since a time, up to a limit, hidden ones too, as JSON", async () => {
  const directory = await filled();
  const ids = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await turnlogHere(["--store", directory, "grep", "needle", "--json", ...args]);
    return jsonLinesOf(stdout).map(({ id }) => id);
  };
  expect(await ids()).toEqual(["m", "b", "a"]);
  expect(await ids("tw")).toEqual(["b", "a"]);
  expect(await ids("tw", "one")).toEqual(["m", "b", "a"]);
  expect(await ids("--case")).toEqual(["m", "b"]);
  expect(await ids("-i", "--limit", "1")).toEqual(["m"]);
  expect(await ids("--since", "1h")).toEqual(["m", "b", "a"]);
  expect(await ids("--since", "2999-01-01")).toEqual([]);
  expect(await ids("--hidden")).toEqual(["m", "c", "b", "a"]);
  const [hit] = jsonLinesOf((await turnlogHere(["--store", directory, "grep", "gone", "--hidden", "--json"])).stdout);
  expect(hit).toEqual({
    session: "two",
    id: "c",
    at: expect.any(String),
    role: "user",
    snippet: { before: "a needle, ", match: "gone", after: "" },
    hidden: true,
  });
  expect((await turnlogHere(["--store", directory, "grep", "gone", "--hidden"])).stdout).toContain("\tuser (hidden)\t");
});

test("ends as grep does: 0 found, 1 not found, 2 wrong usage or an error", async () => {
  const directory = await filled();
  const ends = async (...args: string[]): Promise<unknown[]> => {
    const { code, stdout, stderr } = await turnlogHere(["--store", directory, "grep", ...args]);
    expect(code === 0).toBe(stdout !== "");
    return [code, stderr];
  };
  expect(await ends("needle")).toEqual([0, ""]);
  expect(await ends("nothing")).toEqual([1, ""]);
  expect(await ends("gone")).toEqual([1, ""]);
  expect(await ends()).toEqual([2, "turnlog: grep needs a text to look for\n"]);
  expect(await ends("")).toEqual([2, "turnlog: grep needs a text to look for\n"]);
  expect(await ends("x".repeat(1001))).toEqual([
    2,
    "turnlog: searchMessages: the text has more than 1000 characters\n",
  ]);
  expect(await ends("x", "--case", "-i")).toEqual([2, "turnlog: --case goes without --ignore-case\n"]);
  expect(await ends("x", "--since", "7y")).toEqual([2, "turnlog: --since takes a time, as 7d, 12h or 2026-11-21\n"]);
  expect(await ends("x", "--limit", "0")).toEqual([2, "turnlog: --limit takes a whole number, at least 1\n"]);
  expect(await ends("x", "none")).toEqual([2, 'turnlog: no session "none"\n']);
  const none = await turnlogHere(["--store", `${directory}/none`, "grep", "x"]);
  expect([none.code, none.stdout]).toEqual([2, ""]);
});

test("a session that cannot be read stops no other, is told, and makes the exit code 2", async () => {
  const directory = await storeWith(stores, 1, "bad", stores.unverified());
  writeFileSync([...logsOf(directory).keys()][0]!, "no line of a log\n");
  await storeWith(stores, 2, "good", directory);
  const { code, stdout, stderr } = await turnlog(["--store", directory, "grep", "text"]);
  expect([code, linesOf(stdout).length]).toEqual([2, 2]);
  expect(stderr).toContain("turnlog: warning: session bad: the session could not be searched: ");
  expect((await turnlog(["--store", directory, "grep", "nothing"])).code).toBe(2);
});

test("gives a terminal no control character, and colours what was found; a pipe gets no colour", async () => {
  const directory = stores.directory();
  const evil = "\u001b]0;owned\u0007\u202e";
  const store = await stores.open({}, directory);
  await store.createSession({ id: `s${evil}` });
  await store.session(`s${evil}`).append({ role: evil, content: `${evil}\n\tneedle${evil}` });
  await store.close();
  const args = ["--store", directory, "grep", `NEEDLE\u001b]`];
  const red = "\u001b[31mneedle\\u001b]\u001b[39m";
  const onTerminal = await turnlogHere(args, { isTTY: true });
  expect([onTerminal.code, onTerminal.stdout]).toEqual([0, expect.stringContaining(red)]);
  for (const result of [await turnlogHere(args, { isTTY: true, env: { NO_COLOR: "1" } }), await turnlogHere(args)]) {
    // oxlint-disable-next-line no-control-regex -- they are what it looks for
    expect(/[\u0000-\u0008\u000b-\u001f\u202e]/.test(result.stdout + result.stderr)).toBe(false);
    expect(result.stdout).toContain("\\u001b]0;owned\\u0007\\u202e needle\\u001b]0;owned");
  }
  const json = await turnlogHere([...args, "--json"], { isTTY: true });
  expect(jsonLinesOf(json.stdout)[0].snippet).toEqual({
    before: `${evil}\n\t`,
    match: "needle\u001b]",
    after: evil.slice(2),
  });
  expect(json.stdout).not.toContain("\u202e");
});

test("ends quietly when its reader goes, and with 130 at Ctrl-C", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const content = `needle ${"x".repeat(2000)}`;
  await store.session("s", { create: true }).append(Array.from({ length: 5000 }, () => ({ content })));
  await store.close();
  const args = ["--store", directory, "grep", "needle"];
  const piped = start(args);
  await once(piped.process.stdout, "data");
  piped.process.stdout.destroy();
  expect(await piped.ended).toMatchObject({ code: 0, stderr: "" });
  const stopped = start(args);
  await once(stopped.process.stdout, "data");
  stopped.process.stdout.pause();
  const exited = once(stopped.process, "exit");
  stopped.process.kill("SIGINT");
  await exited;
  stopped.process.stdout.resume();
  expect(await stopped.ended).toMatchObject({ code: 130, stderr: "turnlog: interrupted\n" });
});
