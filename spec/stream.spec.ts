// A log of any size is streamed with little memory. V8 holds no text above 512 MiB, so no log may be one.
import { statfsSync } from "node:fs";
import { expect, test } from "vitest";
import { within } from "./helpers/processes.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const MIB = 1024 * 1024;

const WRITE = `
  const [directory, bytes] = args;
  const store = await turnlog.openStore(directory);
  const session = await store.createSession({ id: "s" });
  let n = 0;
  for (let written = 0; written < bytes; ) {
    const messages = Array.from({ length: 200 }, () => ({ n: n++, text: "0123456789".repeat(n % 200) }));
    await session.append(messages);
    if (n % 1000 === 0) await session.putPart((await session.append({ id: "m" + n, n: n++ })).id, { n });
    if (n % 2000 < 200) written = (await session.info()).bytes;
  }
  await store.close();
  say(JSON.stringify({ count: n }));`;

const READ = `
  const [directory, options] = args;
  const store = await turnlog.openStore(directory);
  const session = store.session("s");
  const most = { heap: 0, rss: 0, count: 0, parts: 0, wrong: 0 };
  const look = () => {
    const { heapUsed, rss } = process.memoryUsage();
    most.heap = Math.max(most.heap, heapUsed);
    most.rss = Math.max(most.rss, rss);
  };
  look();
  let last;
  for await (const { data, parts } of session.messages(options)) {
    if (last !== undefined && data.n !== last + (options.reverse ? -1 : 1)) most.wrong++;
    last = data.n;
    most.count++;
    most.parts += parts.length;
    if (most.count % 1000 === 0) look();
  }
  look();
  await store.close();
  say(JSON.stringify(most));`;

async function checkStream(bytes: number, heap: number, most: { heap: number; rss: number }): Promise<void> {
  const directory = stores.unverified();
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < 2 * bytes) throw new Error(`${bytes} bytes do not fit on the disk below ${directory}`);
  const { count } = await within(heap, WRITE, directory, bytes);
  for (const options of [{}, { reverse: true }, { parts: false, last: 2000 }]) {
    const seen = await within(heap, READ, directory, options);
    expect(seen.wrong).toBe(0);
    expect(seen.count).toBe("last" in options ? 2000 : count);
    expect(seen.parts > 0).toBe(!("parts" in options));
    expect(seen.heap / MIB, "heap, in MiB").toBeLessThan(most.heap);
    expect(seen.rss / MIB, "resident, in MiB").toBeLessThan(most.rss);
  }
}

test("a log of 30 MB is written and streamed with a heap of 40 MB, both ways", async () => {
  await checkStream(30 * MIB, 40, { heap: 40, rss: 200 });
}, 120_000);

test.runIf(process.env["TURNLOG_LONG"])(
  "a log of 700 MB is written and streamed with a heap of 100 MB, both ways",
  async () => {
    await checkStream(700 * MIB, 100, { heap: 100, rss: 400 });
  },
  1_200_000,
);

test("a page, the newest messages and the count of a long log need as little", async () => {
  const directory = stores.unverified();
  const { count } = await within(40, WRITE, directory, 30 * MIB);
  const seen = await within(
    40,
    `const store = await turnlog.openStore(args[0]);
     const session = store.session("s");
     const page = await session.page({ limit: 50 });
     const early = process.memoryUsage();
     const found = { page: page.items.length, last: page.items.at(-1).data.n, count: await session.count() };
     const around = await session.page({ limit: 10, around: "m1000" });
     const ids = [];
     for await (const id of session.messageIds()) if (ids.push(id) > 10) break;
     await store.close();
     say(JSON.stringify({ ...found, around: around.items.length, ids: ids.length, early: early.rss, late: process.memoryUsage().rss }));`,
    directory,
  );
  expect(seen).toMatchObject({ page: 50, last: count - 1, count, around: 10, ids: 11 });
  expect(seen.early / MIB, "resident, in MiB").toBeLessThan(120);
  expect(seen.late / MIB, "resident, in MiB").toBeLessThan(200);
});
