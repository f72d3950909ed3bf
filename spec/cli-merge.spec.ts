// turnlog merge: what another store or log has comes in; what could not is told, and is the exit code.
import { appendFileSync, cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { turnlog, turnlogHere } from "./helpers/cli.ts";
import { logPath, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();

async function filled(): Promise<{ directory: string; log: string }> {
  const directory = stores.damaged();
  const store = await stores.open({}, directory);
  await store.createSession({ id: "one", title: "about one" });
  await store.session("one").append([
    { role: "user", content: "said in one" },
    { role: "assistant", content: "so" },
  ]);
  const log = logPath(store, "one");
  await store.close();
  return { directory, log };
}

test("merge makes the store where there is none, but for a dry run, and tells what is new", async () => {
  const { directory } = await filled();
  const other = join(stores.directory(), "store");
  const verb = async (...args: string[]) => await turnlogHere(["--store", other, "merge", directory, ...args]);
  const bytes = [...logsOf(directory).values()].reduce((sum, { length }) => sum + length, 0);
  expect(await verb("--dry-run")).toEqual({
    code: 0,
    stdout: "",
    stderr: `dry run: 1 new; 2 messages added (${bytes} bytes)\n`,
  });
  expect(existsSync(other)).toBe(false);
  expect(await turnlog(["--store", other, "merge", directory])).toEqual({
    code: 0,
    stdout: "",
    stderr: `1 new; 2 messages added (${bytes} bytes)\n`,
  });
  expect(await verb()).toMatchObject({ code: 0, stderr: "1 unchanged; 0 messages added (0 bytes)\n" });
  expect((await turnlogHere(["--store", other, "show", "one"])).stdout).toContain("said in one");
  const { code, stdout } = await verb("--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ sessions: { unchanged: 1 }, lines: 0, healed: [], problems: [] });
});

test("merge heals with a copy, tells so, and what it cannot merge is exit code 1", async () => {
  const { directory, log } = await filled();
  const other = join(stores.damaged(), "store");
  cpSync(directory, other, { recursive: true });
  const copy = other + log.slice(directory.length);
  appendFileSync(copy, "<<<<<<< ours\n");
  const verb = async (...args: string[]) => await turnlogHere(["--store", other, "merge", ...args]);
  const healed = await verb(log);
  expect(healed).toMatchObject({ code: 0, stdout: "" });
  expect(healed.stderr).toContain(`healed: ${copy}: conflict markers\n`);
  expect(readFileSync(copy)).toEqual(readFileSync(log));
  const text = readFileSync(log, "utf8");
  const headless = join(stores.unverified(), "two.jsonl");
  writeFileSync(headless, text.slice(text.indexOf("\n") + 1));
  const failed = await verb(headless);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain(`turnlog: ${headless}: it has no header`);
});

test("merge of nothing, of what is no store, of two and of the store itself is refused", async () => {
  const { directory } = await filled();
  const nowhere = stores.unverified();
  const codes: unknown[] = [];
  for (const args of [[], ["a", "b"], [directory], [join(nowhere, "none")], [nowhere]])
    codes.push((await turnlogHere(["--store", directory, "merge", ...args])).code);
  expect(codes).toEqual([2, 2, 2, 1, 4]);
});
