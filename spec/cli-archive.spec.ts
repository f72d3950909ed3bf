// turnlog archive and unarchive: sessions that are put away and come back, and the one file that has all of them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLinesOf, linesOf, turnlog, turnlogHere } from "./helpers/cli.ts";
import { packedIn } from "./helpers/archives.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

async function filled(): Promise<string> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  for (const id of ["one", "two", "three"]) {
    await store.createSession({ id, title: `about ${id}`, parent: id === "three" ? "two" : undefined });
    await store.session(id).append({ role: "user", content: `said in ${id}` });
  }
  await store.close();
  return directory;
}

test("archive puts away what is named, unarchive brings it back; a dry run touches nothing", async () => {
  const directory = await filled();
  const verb = async (...args: string[]) => await turnlogHere(["--store", directory, ...args]);
  expect(await verb("archive", "one", "tw", "--dry-run")).toEqual({
    code: 0,
    stdout: "one\ntwo\n",
    stderr: "would put away 2 sessions\n",
  });
  expect(packedIn(directory)).toEqual([]);
  expect(await verb("archive", "one", "tw", "one")).toMatchObject({ code: 0, stdout: "one\ntwo\n" });
  expect(packedIn(directory)).toHaveLength(2);
  expect(jsonLinesOf((await verb("ls", "--archived", "--json")).stdout).map(({ id }) => id)).toEqual(["two", "one"]);
  expect((await verb("show", "one")).stdout).toContain("said in one");
  expect(linesOf((await verb("grep", "said in")).stdout)).toHaveLength(3);
  expect(jsonLinesOf((await verb("unarchive", "one", "--json")).stdout)).toEqual([{ id: "one" }]);
  expect(packedIn(directory)).toHaveLength(1);
  expect((await verb("archive", "none")).code).toBe(1);
  for (const args of [["archive"], ["unarchive"], ["archive", "--output", "x", "--dry-run"]])
    expect((await verb(...args)).code, args.join(" ")).toBe(2);
});

test("archive --output writes what import reads back, to a file or to stdout", async () => {
  const directory = await filled();
  const path = join(stores.unverified(), "all.json");
  const written = await turnlog(["--store", directory, "archive", "--output", path]);
  expect(written).toEqual({ code: 0, stdout: "", stderr: "wrote 3 sessions, 3 messages\n" });
  const sessions = JSON.parse(readFileSync(path, "utf8")) as { id: string }[];
  expect(new Set(sessions.map(({ id }) => id))).toEqual(new Set(["one", "two", "three"]));
  const shown = await turnlog(["--store", directory, "archive", "-o", "-"]);
  expect(shown).toEqual({ code: 0, stdout: readFileSync(path, "utf8"), stderr: "" });
  const some = await turnlogHere(["--store", directory, "archive", "--json", "-o", path, "thr"]);
  expect(JSON.parse(some.stdout)).toEqual({ sessions: 1, messages: 1, problems: [] });
  const other = join(stores.directory(), "store");
  expect(await turnlog(["--store", other, "import", path])).toMatchObject({ code: 0 });
  expect((await turnlogHere(["--store", other, "show", "three"])).stdout).toContain("said in three");
  expect((await turnlogHere(["--store", other, "import", "--from", "turnlog", path])).stderr).toContain("1 unchanged");
  expect((await turnlogHere(["--store", other, "import", "--from", "turnlog"])).code).toBe(2);
});

test("a session that cannot be read is told, left out, and makes exit 1", async () => {
  const directory = stores.unverified();
  const store = await stores.open({}, directory);
  for (const id of ["good", "bad"]) await (await store.createSession({ id })).append({ id: "a" });
  await store.close();
  writeFileSync(
    [...logsOf(directory).keys()].find((path) => path.endsWith("/bad.jsonl"))!,
    "no line\n",
  );
  const { code, stdout, stderr } = await turnlogHere(["--store", directory, "archive", "-o", "-"]);
  expect([code, JSON.parse(stdout).length]).toEqual([1, 1]);
  expect(stderr).toContain("turnlog: session bad: ");
});
