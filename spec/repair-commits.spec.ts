// What a repair leaves, since other lines count by it.
import "./helpers/in-memory.ts";
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { linesOf } from "./helpers/cli.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

test("a commit counts by what its writer wrote later: a repair leaves that, though it is of a commit without an end", async () => {
  const directory = stores.damaged();
  const store = await stores.open<any>({}, directory);
  const session = store.session("s", { create: true });
  await session.append({ id: "first" });
  for (const ids of ["a b c", "d e f"]) await session.append(ids.split(" ").map((id) => ({ id })));
  await store.close();
  const path = onlyLog(directory);
  // The ends of both commits are lost; the first one counts by the lines of the second, which does not.
  const kept = linesOf(readFileSync(path, "utf8")).filter((line) => !/"id":"[cf]"/.test(line));
  writeFileSync(path, kept.map((line) => `${line}\n`).join(""));
  const idsIn = async (): Promise<string[]> => {
    const again = await stores.open<any>({}, directory);
    return (await again.session("s").history()).map(({ id }) => id);
  };
  expect(await idsIn()).toEqual(["first", "a", "b"]);
  const mended = await stores.open<any>({}, directory);
  const { actions, left } = await mended.repair();
  expect(actions).toEqual([]);
  expect(left.map(({ code, isRepairable }) => [code, isRepairable])).toEqual([
    ["incomplete", false],
    ["incomplete", false],
    // The last line that was there is known.
    ["rolled-back", false],
  ]);
  expect(await idsIn()).toEqual(["first", "a", "b"]);
});
