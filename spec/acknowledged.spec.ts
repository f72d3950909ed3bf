// What any process of this machine has acknowledged is in every listing that starts later, in its place.
import { expect, test } from "vitest";
import { nextMs } from "./helpers/clock.ts";
import { Elsewhere } from "./helpers/asked.ts";
import { run } from "./helpers/processes.ts";
import { pick, randomOf } from "./helpers/random.ts";
import { collect, useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

test("the session that any process has written to last comes first, for every process", async () => {
  const directory = stores.directory();
  const here = await stores.open({}, directory);
  const others = [new Elsewhere(), new Elsewhere(), new Elsewhere()];
  const random = randomOf(1);
  const ids: string[] = [];
  try {
    for (const other of others) await other.open(directory);
    for (let round = 0; round < (IS_LONG ? 1000 : 40); round++) {
      nextMs();
      const isNew = ids.length < 2 || random(3) === 0;
      const id = isNew ? `s${round}` : pick(random, ids);
      const receipt = await pick(random, others).ask(id, "append", { round, text: "said ".repeat(random(3000)) });
      expect(receipt.at).toBeDefined();
      if (isNew) ids.push(id);
      const limit = 1 + random(3);
      const whoever = pick(random, others);
      const page = await whoever.ask(undefined, "page", { limit });
      expect(page.items[0], `round ${round}`).toMatchObject({ id, updatedAt: receipt.at.slice(0, 24) });
      expect((await here.page({ limit })).items[0]?.id, `round ${round}`).toBe(id);
      if (isNew) expect((await here.page({ limit: 1, order: "created" })).items[0]?.id).toBe(id);
      if (round % 5 > 0) continue;
      const fresh = await stores.open({}, directory);
      expect((await fresh.page({ limit })).items[0]?.id, `round ${round}, a store opened now`).toBe(id);
      expect((await collect(fresh.ids())).toSorted()).toEqual(ids.toSorted());
      await fresh.close();
      expect(await whoever.ask(undefined, "count", { all: true })).toBe(ids.length);
    }
  } finally {
    for (const other of others) await other.end();
  }
});

test("what processes acknowledge while others list is in every listing that starts later", async () => {
  const directory = stores.directory();
  const here = await stores.open({}, directory);
  const each = IS_LONG ? 300 : 25;
  const writers = Array.from({ length: 3 }, (_, writer) =>
    run(
      `const [directory, writer, each] = args;
       const store = await turnlog.openStore(directory);
       for (let n = 0; n < each; n++) {
         const id = \`\${writer}-\${n}\`;
         if (n % 2) await store.session(id, { create: true }).append({ n, text: "x".repeat(n * 100) });
         else await store.createSession({ id, title: "title of " + id });
         await store.session(\`\${writer}-\${n >> 1}\`).append({ n });
         say(id);
         await new Promise((resolve) => setTimeout(resolve, n % 7));
       }
       await store.close();`,
      directory,
      writer,
      each,
    ),
  );
  // Lists when it is told what must be there by now, and tells what is not.
  const reader = run(
    `import { createInterface } from "node:readline";
     const store = await turnlog.openStore(args[0]);
     for await (const line of createInterface({ input: process.stdin })) {
       const ids = new Set();
       for await (const id of store.ids()) ids.add(id);
       say(JSON.stringify(JSON.parse(line).filter((id) => !ids.has(id))));
     }
     await store.close();`,
    directory,
  );
  const acknowledged: string[] = [];
  const heard = writers.map(async ({ lines }) => {
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) acknowledged.push(next.value);
  });
  const state = { isOver: false };
  const over = Promise.all(heard).then(() => (state.isOver = true));
  for (let isLast = false; !isLast;) {
    isLast = state.isOver;
    const known = [...acknowledged];
    reader.process.stdin?.write(`${JSON.stringify(known)}\n`);
    const listed = new Set(await collect(here.ids()));
    expect(known.filter((id) => !listed.has(id))).toEqual([]);
    expect(JSON.parse((await reader.lines.next()).value)).toEqual([]);
  }
  await over;
  reader.process.stdin?.end();
  for (const child of [...writers, reader]) expect(await child.ended).toBe(0);
  expect(acknowledged).toHaveLength(3 * each);
});
