// turnlog ls and turnlog search: which sessions they print, how one pages on, and how they end.
import { expect, test } from "vitest";
import { jsonLinesOf, linesOf, turnlogHere } from "./helpers/cli.ts";
import { nextMs } from "./helpers/clock.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

/** Six sessions, the last the newest: s1 is the child of s0, s2 archived, s3 pinned, s5 without a title. */
async function filled(): Promise<string> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  for (let n = 0; n < 6; n++) {
    nextMs();
    await store.createSession({
      id: `s${n}`,
      title: n === 5 ? undefined : `Title ${n}`,
      project: n % 2 === 0 ? "even" : "odd",
      directory: "/home/me",
      parent: n === 1 ? "s0" : undefined,
      archived: n === 2,
      pinned: n === 3,
      tags: n > 3 ? ["late", `t${n}`] : undefined,
    });
    await store.session(`s${n}`).append({ role: "user", content: `prompt ${n}` });
  }
  await store.close();
  return directory;
}

test("ls lists what its filters say, in either order", async () => {
  const directory = await filled();
  const ids = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await turnlogHere(["--store", directory, "ls", "--json", ...args]);
    return jsonLinesOf(stdout).map(({ id }) => id);
  };
  expect(await ids()).toEqual(["s5", "s4", "s3", "s2", "s0"]);
  expect(await ids("--all", "--order", "created")).toEqual(["s5", "s4", "s3", "s2", "s1", "s0"]);
  expect(await ids("--parent", "s0")).toEqual(["s1"]);
  expect(await ids("--project", "odd", "--all")).toEqual(["s5", "s3", "s1"]);
  expect(await ids("--directory", "/home/me", "--archived")).toEqual(["s2"]);
  expect(await ids("--live")).toEqual(["s5", "s4", "s3", "s0"]);
  expect(await ids("--pinned")).toEqual(["s3"]);
  expect(await ids("--title", "Title 4")).toEqual(["s4"]);
  expect(await ids("--tag", "late", "--tag", "t5")).toEqual(["s5"]);
  expect(await ids("--since", "7d")).toEqual(["s5", "s4", "s3", "s2", "s0"]);
  expect(await ids("--since", "2999-01-01")).toEqual([]);
});

test("ls pages on in both directions with the cursors that it tells, and counts", async () => {
  const directory = await filled();
  const page = async (...args: string[]): Promise<{ ids: string[]; said: string }> => {
    const { stdout, stderr } = await turnlogHere(["--store", directory, "ls", "--json", "--limit", "2", ...args]);
    return { ids: jsonLinesOf(stdout).map(({ id }) => id), said: stderr };
  };
  const first = await page();
  const after = /more: --after '([^']+)'/.exec(first.said)?.[1] ?? "";
  const second = await page("--after", after);
  const before = /newer: --before '([^']+)'/.exec(second.said)?.[1] ?? "";
  expect([first.ids, second.ids]).toEqual([
    ["s5", "s4"],
    ["s3", "s2"],
  ]);
  expect((await page("--before", before)).ids).toEqual(["s5", "s4"]);
  const counted = await turnlogHere(["--store", directory, "ls", "--count", "--all"]);
  expect([counted.code, counted.stdout]).toEqual([0, "6\n"]);
  const none = await turnlogHere(["--store", directory, "ls", "--count", "--project", "none"]);
  expect([none.code, none.stdout]).toEqual([1, "0\n"]);
});

test("search prints id, time and title, or the first prompt of what has none", async () => {
  const directory = await filled();
  const found = await turnlogHere(["--store", directory, "search", "TITLE"]);
  expect(found.code).toBe(0);
  expect(linesOf(found.stdout).map((line) => line.split("\t"))).toEqual(
    ["s4", "s3", "s2", "s1", "s0"].map((id) => [
      id,
      expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      id === "s2" ? "Title 2 (archived)" : `Title ${id.slice(1)}`,
    ]),
  );
  const prompt = await turnlogHere(["--store", directory, "search", "--json", "--limit", "1", "prompt", "5"]);
  expect(jsonLinesOf(prompt.stdout)).toMatchObject([{ id: "s5", text: "prompt 5", isPrompt: true }]);
  const none = await turnlogHere(["--store", directory, "search", "nothing"]);
  expect([none.code, none.stdout]).toEqual([1, ""]);
});

test("what makes no sense is refused with exit code 2", async () => {
  const directory = await filled();
  for (const wrong of [
    ["ls", "--since", "yesterday"],
    ["ls", "--order", "size"],
    ["ls", "--archived", "--live"],
    ["ls", "--all", "--parent", "s0"],
    ["ls", "--after", "a", "--before", "b"],
    ["search"],
    ["search", " "],
    ["search", "a", "--limit", "0"],
  ]) {
    const { code, stderr } = await turnlogHere(["--store", directory, ...wrong]);
    expect([wrong, code, linesOf(stderr).length]).toEqual([wrong, 2, 1]);
  }
});
