// The command line: which folders are this machine's, what lies in all of them, and taking one over.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLinesOf, linesOf, storeWith, turnlog, turnlogHere } from "./helpers/cli.ts";
import { holder, plant } from "./helpers/leases.ts";
import { filesIn, useStores } from "./helpers/stores.ts";

const stores = useStores();

/** A store whose machine id was lost. */
async function lost(): Promise<{ directory: string; machine: string }> {
  const directory = await storeWith(stores, 3);
  const [machine] = readdirSync(join(directory, "sessions"));
  rmSync(join(directory, ".cache"), { recursive: true });
  return { directory, machine: machine! };
}

test("machine prints this machine's folders, one a line, for whoever excludes them from a sync", async () => {
  const { directory, machine } = await lost();
  const first = await turnlog(["--store", directory, "machine"]);
  expect(first).toMatchObject({ code: 0, stderr: "" });
  const [own, ...others] = linesOf(first.stdout);
  expect(others).toEqual([]);
  expect(own).not.toBe(machine);
  await turnlog(["--store", directory, "machine", "--adopt", machine]);
  expect((await turnlog(["--store", directory, "machine"])).stdout).toBe(`${own}\n${machine}\n`);
  const { stdout } = await turnlog(["--store", directory, "machine", "--json"]);
  expect(JSON.parse(stdout)).toEqual({ machine: own, machines: [own, machine] });
});

test("machine --all lists every folder with its logs, size and last activity, and whose it is", async () => {
  const { directory, machine } = await lost();
  const store = await stores.open({}, directory);
  await store.session("s").append({ id: "x" });
  await store.session("t", { create: true }).append({ id: "y" });
  await store.close();
  const { code, stdout } = await turnlog(["--store", directory, "machine", "--all"]);
  expect(code).toBe(0);
  const rows = linesOf(stdout).map((line) => line.split("\t"));
  expect(rows.map(([name, own, logs]) => `${name} ${own} ${logs}`).toSorted()).toEqual(
    [`${store.machine} own 2`, `${machine} - 1`].toSorted(),
  );
  for (const [, , , bytes, updated] of rows) {
    expect(Number(bytes)).toBeGreaterThan(100);
    expect(updated).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  }
  const json = jsonLinesOf((await turnlog(["--store", directory, "machine", "--all", "--json"])).stdout);
  expect(json).toHaveLength(2);
  expect(json.find((each) => each.machine === machine)).toMatchObject({ own: false, logs: 1 });
  // Each is told by its own lines, though both have a log of one session.
  const timeOf = (name: string): string => json.find((each) => each.machine === name).updatedAt;
  expect(timeOf(machine) < timeOf(store.machine)).toBe(true);
  const people = await turnlogHere(["--store", directory, "machine", "--all"], { isTTY: true, env: { NO_COLOR: "1" } });
  expect(people.stdout).toMatch(/^MACHINE +OWN +LOGS +SIZE +UPDATED$/m);
});

test("machine --all knows a folder that nothing was written to yet, and logs of the archive", async () => {
  const { directory, machine } = await lost();
  const store = await stores.open({}, directory);
  await store.session("s").append({ id: "x" });
  await store.archive("s");
  await store.close();
  for (const path of filesIn(join(directory, "sessions"))) if (path.endsWith(".old")) rmSync(path);
  const json = jsonLinesOf((await turnlog(["--store", directory, "machine", "--all", "--json"])).stdout);
  expect(json).toHaveLength(2);
  for (const each of json) expect(each).toMatchObject({ logs: 1, updatedAt: expect.any(String) });
  const empty = stores.directory();
  await turnlog(["init", empty]);
  const [only] = jsonLinesOf((await turnlog(["--store", empty, "machine", "--all", "--json"])).stdout);
  expect(only).toMatchObject({ own: true, logs: 0, bytes: 0 });
  expect(machine).not.toBe(only.machine);
});

test("machine --adopt takes a folder over; a dry run tells what that would be", async () => {
  const { directory, machine } = await lost();
  await turnlog(["--store", directory, "append", "s"], { input: '{"id":"x"}' });
  const args = ["--store", directory, "machine", "--adopt", machine];
  const trial = await turnlog([...args, "--dry-run"]);
  expect(trial).toMatchObject({ code: 0, stdout: "" });
  expect(trial.stderr).toMatch(
    /^would adopt \S+: 1 log of 1 session, [\d.]+ \w+; 1 session would get one log of several\n$/,
  );
  expect(linesOf((await turnlog(["--store", directory, "machine"])).stdout)).toHaveLength(1);
  const { code, stdout, stderr } = await turnlog([...args, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ machine, sessions: 1, logs: 1, united: 1 });
  expect(stderr).toMatch(/^adopted /);
  const again = await turnlog([...args, "--json"]);
  expect(JSON.parse(again.stdout)).toEqual({ machine, sessions: 0, logs: 0, bytes: 0, united: 0 });
});

test("machine --adopt of what is not there exits with 1, of what somebody writes as with 3", async () => {
  const { directory, machine } = await lost();
  const adopt = async (name: string): Promise<unknown> =>
    (await turnlog(["--store", directory, "machine", "--adopt", name])).code;
  expect(await adopt("laptop-aaaaaaaa")).toBe(1);
  plant(join(directory, ".cache", "leases", machine, "s.lock"), holder());
  expect(await adopt(machine)).toBe(3);
});
