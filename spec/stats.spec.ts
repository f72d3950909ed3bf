// What a session takes on disk, and what of that nobody sees.
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { ID } from "./helpers/sidecars.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();

test("live and dead bytes are all bytes, and dead is what nobody sees", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = store.session(ID, { create: true });
  const sizes: number[] = [];
  const step = async (operation: Promise<unknown>): Promise<number> => {
    await operation;
    sizes.push(statSync(onlyLog(directory)).size);
    return sizes.at(-1)! - (sizes.at(-2) ?? 0);
  };
  await step(session.append({ id: "a", text: "x".repeat(100) }));
  const b = await step(session.append({ id: "b", text: "y" }));
  const c = await step(session.append({ id: "c" }));
  const part = await step(session.putPart("c", { id: "p" }));
  const summary = await step(session.update({ summary: "one" }));
  await step(session.update({ summary: "two" }));
  await step(session.putMessage({ id: "b", text: "z" }));
  await step(session.remove("c"));
  const stats = await session.stats();
  expect(stats.bytes).toBe(sizes.at(-1));
  expect(stats.deadBytes).toBe(b + c + part + summary);
  expect(stats.liveBytes + stats.deadBytes).toBe(stats.bytes);
  expect(stats.lines).toBe(Object.values(stats.types).reduce((sum, { lines }) => sum + lines, 0));
  expect(Object.values(stats.types).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(stats.bytes);
  expect(stats.types).toMatchObject({
    session: { lines: 1 },
    message: { lines: 4 },
    part: { lines: 1 },
    info: { lines: 2 },
  });
  const again = await stores.open({}, directory);
  expect(await again.session(ID).stats()).toEqual(stats);
});
