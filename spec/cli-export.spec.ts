// The verb export: what it writes where, and what it says of it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLinesOf, storeSaying, storeWith, turnlog, turnlogHere } from "./helpers/cli.ts";
import { filesIn, useStores } from "./helpers/stores.ts";
import "./helpers/built.ts";

const stores = useStores();

test("messages go to a file that appears whole, as to stdout", async () => {
  const directory = await storeWith(stores, 3);
  const out = stores.unverified();
  for (const format of ["jsonl", "json"]) {
    const { stdout } = await turnlog(["--store", directory, "export", "--format", format]);
    const args = ["--store", directory, "export", "--format", format, "--output", format];
    expect(await turnlog(args, { directory: out })).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(join(out, format), "utf8")).toBe(stdout);
  }
  const wrong = await turnlog(["--store", directory, "export", "--output", join(out, "none", "x")]);
  expect([wrong.code, wrong.stderr]).toEqual([5, expect.stringMatching(/^turnlog: could not write .*ENOENT/)]);
  expect(readdirSync(out).toSorted()).toEqual(["json", "jsonl"]);
});

test("sessions go to stdout, a file or a directory; stderr tells how many", async () => {
  const directory = await storeWith(stores, 2, "one");
  await storeWith(stores, 3, "two", directory);
  const out = stores.unverified();
  const lines = await turnlog(["--store", directory, "export", "one", "--format", "ndjson"]);
  expect([lines.code, lines.stderr]).toEqual([0, ""]);
  expect(jsonLinesOf(lines.stdout).map(({ type, id }) => [type, id])).toEqual([
    ["session", "one"],
    ["message", "m1"],
    ["message", "m2"],
  ]);
  for (const format of ["markdown", "html", "claude-code"]) {
    const { code, stdout } = await turnlog(["--store", directory, "export", "tw", "--format", format]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("text 3")]);
  }
  const page = ["--store", directory, "export", "one", "--format", "html", "-o", "one.html"];
  expect(await turnlog(page, { directory: out })).toEqual({
    code: 0,
    stdout: "",
    stderr: "wrote 1 session, 2 messages\n",
  });
  const told = await turnlog(["--store", directory, "export", "--format", "html", "-o", "all", "--json"], {
    directory: out,
  });
  expect(JSON.parse(told.stdout)).toEqual({ sessions: 2, messages: 5, problems: [] });
  expect(
    filesIn(out)
      .map((file) => file.slice(out.length))
      .toSorted(),
  ).toEqual(["/all/index.html", "/all/one.html", "/all/two.html", "/one.html"]);
});

test("what another tool has already is left, told, and exit 1; a store takes it in again", async () => {
  const directory = await storeWith(stores, 2, "agent:main:x");
  const out = stores.unverified();
  const args = ["--store", directory, "export", "--format", "picoclaw", "--output", out];
  expect(await turnlog(args)).toEqual({ code: 0, stdout: "", stderr: "wrote 1 session, 2 messages\n" });
  expect(await turnlog(args)).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "turnlog: session agent:main:x: agent_main_x.jsonl is there already, and was left as it is\n" +
      "wrote 0 sessions, 0 messages\n",
  });
  const other = stores.directory();
  const { code, stderr } = await turnlog(["--store", other, "import", out]);
  expect([code, stderr]).toEqual([0, "1 created; 2 messages added\n"]);
});

test("a terminal takes no orders from a session, in whatever format", async () => {
  const evil = "a\u001b]0;owned\u0007\u001b[2J\u009b31m\u202eb\u007f";
  const directory = await storeSaying(stores, evil, "s");
  for (const format of ["ndjson", "markdown", "html", "claude-code"]) {
    const args = ["--store", directory, "export", "s", "--format", format];
    const { code, stdout } = await turnlogHere(args, { isTTY: true });
    // oxlint-disable-next-line no-control-regex -- they are what it looks for
    expect([code, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.exec(stdout)?.[0]], format).toEqual([0, undefined]);
  }
  const shown = await turnlogHere(["--store", directory, "export", "s", "--format", "ndjson"], { isTTY: true });
  expect(jsonLinesOf(shown.stdout)[0]).toMatchObject({ title: evil });
});
