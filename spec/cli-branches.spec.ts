// The command line: that a session has several branches, and which they are.
import { expect, test } from "vitest";
import { jsonLinesOf, linesOf, storeWith, turnlog, turnlogHere } from "./helpers/cli.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

/** m1 m2 m3, and from m1 on the other way x, which is the history. */
async function branched(): Promise<{ directory: string; machine: string; forkedAt: string }> {
  const directory = await storeWith(stores, 3);
  const store = await stores.open({}, directory);
  const session = store.session("s");
  const { at } = (await session.message("m1"))!;
  await session.checkout("m1");
  await session.append({ id: "x" });
  await store.close();
  return { directory, machine: store.machine, forkedAt: at };
}

test("info has a line for each branch, and none where there is one", async () => {
  const { directory, machine, forkedAt } = await branched();
  const { code, stdout } = await turnlog(["--store", directory, "info", "s"]);
  expect(code).toBe(0);
  const lines = linesOf(stdout).filter((line) => line.startsWith("branch "));
  expect(lines).toEqual([
    expect.stringMatching(
      new RegExp(`^branch  x  2 messages, \\d{4}-\\d\\d-\\d\\dT[\\d:]+Z, ${machine}, the history$`),
    ),
    expect.stringMatching(new RegExp(`^branch  m3  2 messages, .*, ${machine}, from ${forkedAt}$`)),
  ]);
  const [json] = jsonLinesOf((await turnlog(["--store", directory, "info", "s", "--json"])).stdout);
  expect(json).toMatchObject({
    branches: 2,
    branchList: [
      { id: "x", current: true, messages: 2, machine },
      { id: "m3", current: false, messages: 2, machine, forkedAt },
    ],
  });
  const plain = await storeWith(stores, 1);
  expect((await turnlog(["--store", plain, "info", "s"])).stdout).not.toMatch(/^branch /m);
  const [only] = jsonLinesOf((await turnlog(["--store", plain, "info", "s", "--json"])).stdout);
  expect(only).not.toHaveProperty("branchList");
});

test("ls marks such a session for people, and show says where the others are listed", async () => {
  const { directory } = await branched();
  const people = await turnlogHere(["--store", directory, "ls"], { isTTY: true, env: { NO_COLOR: "1" } });
  expect(people.stdout).toMatch(/^s +\S+Z +2 \+1\s/m);
  const rows = linesOf((await turnlog(["--store", directory, "ls"])).stdout);
  expect(rows.map((row) => row.split("\t")[2])).toEqual(["2"]);
  const shown = await turnlog(["--store", directory, "show", "s"]);
  expect(shown.stderr).toBe("1 other branch: turnlog info s\n");
  const plain = await turnlog(["--store", await storeWith(stores, 1), "show", "s"]);
  expect(plain.stderr).toBe("");
});
