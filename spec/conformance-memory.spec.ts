// A store in memory is what every store must be, but that it goes with its handle.
import { expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import { conformance } from "../lib/testing/index.ts";
import type { Backend } from "../lib/testing/index.ts";

const backend: Backend = { create: (options) => openMemoryStore<any, any>(options) };
const cases = conformance();

test("just the cases that open a store again are left out", async () => {
  const left = cases.filter(({ reopens }) => reopens);
  expect([cases.length, left.length]).toEqual([214, 17]);
  for (const each of left) await expect(each.run(backend), each.name).rejects.toThrow("reopen");
});

const run = cases.filter(({ reopens }) => !reopens);

test.each(run.map((each) => [`${each.group}: ${each.name}`, each] as const))("%s", async (_, each) => {
  await each.run(backend);
});
