// Compaction of what is large, and without being asked.
import "./helpers/in-memory.ts";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { OLD_STAYS_MS } from "../lib/store/space/replaced.ts";
import { within } from "./helpers/processes.ts";
import { filesIn, logPath, useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const MIB = 1024 * 1024;

/** Nine of ten versions of each message are dead. */
const HUGE = `
  const [directory, bytes] = args;
  const store = await turnlog.openStore(directory, { compactDeadRatio: 1 });
  const session = await store.createSession({ id: "s" });
  const text = "0123456789".repeat(1000);
  let n = 0;
  for (let written = 0; written < bytes; n++)
    for (let version = 0; version < 10; version++, written += text.length) {
      await session.putMessage({ id: "m" + n, version, text });
      if (version === 9) await session.putPart("m" + n, { id: "p", n });
    }
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().heapUsed)), 5);
  const { bytesBefore, bytesAfter } = await session.compact();
  clearInterval(timer);
  const [last] = (await session.page({ limit: 1 })).items;
  await store.close();
  say(JSON.stringify({ bytesBefore, bytesAfter, peak, count: n, last: last.data.version }));`;

test.each([[30 * MIB, 60], ...(IS_LONG ? [[1250 * MIB, 100]] : [])])(
  "a log of %i bytes is compacted with a heap of %i MiB",
  async (bytes = 0, heap = 0) => {
    const {
      bytesBefore,
      bytesAfter,
      peak,
      count: messages,
      last,
    } = await within(heap, HUGE, stores.unverified(), bytes);
    expect(last).toBe(9);
    expect(bytesBefore).toBeGreaterThan(bytes);
    expect(bytesAfter).toBeLessThan(messages * 11_000);
    expect(peak / MIB).toBeLessThan(heap);
    if (IS_LONG)
      process.stderr.write(`compact: ${bytesBefore} to ${bytesAfter} bytes, heap ${Math.round(peak / MIB)} MiB\n`);
  },
  600_000,
);

/** A megabyte of PDF in each of so many messages, every fourth of them one that was there before; the rest is versions of texts. */
const MIXED = `
  const { randomFillSync } = await import("node:crypto");
  const [directory, bytes, count] = args;
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().heapUsed)), 5);
  const head = "%PDF-1.4\\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    + "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\\ntrailer<</Root 1 0 R>>\\n%";
  const pdf = Buffer.alloc(1_000_000, 32);
  const made = () => {
    randomFillSync(pdf);
    for (let at = 0; at < pdf.length; at++) if (pdf[at] === 10 || pdf[at] === 13) pdf[at] = 32;
    pdf.write(head);
    pdf.write("\\n%%EOF\\n", pdf.length - 7);
    return pdf.toString("base64");
  };
  const text = "0123456789".repeat(1000);
  {
    const store = await turnlog.openStore(directory, { compactDeadRatio: 1 });
    const session = await store.createSession({ id: "s" });
    let data = "";
    for (let n = 0; n < count; n++) {
      if (n % 4 !== 3) data = made();
      await session.append({ id: "pdf" + n, role: "user", content: [{ type: "document", media_type: "application/pdf", data }] });
      for (let written = 0; written < bytes / count; written += text.length)
        await session.putMessage({ id: "m" + n, role: "assistant", content: text + written });
    }
    await store.close();
  }
  const store = await turnlog.openStore(directory);
  const listed = [];
  for await (const info of store.sessions()) listed.push([info.id, info.messages]);
  const session = store.session("s");
  const page = await session.page({ limit: 2 });
  const last = Buffer.from(page.items[0].data.content[0].data, "base64").toString("latin1", 0, 8);
  page.items.length = 0;
  const { bytesBefore, bytesAfter } = await session.compact();
  clearInterval(timer);
  await store.close();
  say(JSON.stringify({ listed, last, bytesBefore, bytesAfter, peak }));`;

test.each([[20 * MIB, 12, 60], ...(IS_LONG ? [[990 * MIB, 197, 100]] : [])])(
  "a session of %i bytes of versions and %i PDFs of a megabyte is written, listed, paged and compacted with a heap of %i MiB",
  async (bytes = 0, count = 0, heap = 0) => {
    const directory = stores.unverified();
    const { listed, last, bytesBefore, bytesAfter, peak } = await within(heap, MIXED, directory, bytes, count);
    expect(listed).toEqual([["s", 2 * count]]);
    expect(last).toBe("%PDF-1.4");
    expect(bytesBefore).toBeGreaterThan(bytes);
    expect(bytesAfter).toBeLessThan(count * 12_000);
    expect(peak / MIB).toBeLessThan(heap);
    // Each PDF once, as a file that a viewer opens, though every fourth message has that of the one before.
    const files = filesIn(join(directory, "blobs"));
    expect(files).toHaveLength(count - Math.floor(count / 4));
    for (const file of files) {
      const pdf = readFileSync(file, "latin1");
      expect([file.endsWith(".pdf"), pdf.length, pdf.slice(0, 8), pdf.slice(-7)]).toEqual([
        true,
        1_000_000,
        "%PDF-1.4",
        "\n%%EOF\n",
      ]);
    }
    if (IS_LONG)
      process.stderr.write(`mixed: ${bytesBefore} to ${bytesAfter} bytes, heap ${Math.round(peak / MIB)} MiB\n`);
  },
  1_200_000,
);

describe("by itself", () => {
  test("a log is compacted when most of it is dead, and that is worth it", async () => {
    const store = await stores.open({ compactDeadBytes: 50_000 });
    const session = await store.createSession({ id: "s" });
    await session.append({ id: "m" });
    for (let n = 0; n < 200; n++) await session.putPart("m", { id: "p", text: `${n} ${"x".repeat(1000)}` });
    const other = await store.createSession({ id: "alive" });
    for (let n = 0; n < 200; n++) await other.append({ id: `m${n}`, text: "x".repeat(1000) });
    const path = logPath(store, "s");
    while (statSync(path).size > 60_000) await sleep(50);
    expect((await session.message("m"))?.parts[0]?.data).toMatchObject({ id: "p" });
    await session.putPart("m", { id: "p", text: "last" });
    expect(statSync(logPath(store, "alive")).size).toBeGreaterThan(200_000);
    expect((await session.history())[0]?.parts[0]?.data).toEqual({ id: "p", text: "last" });
  }, 30_000);

  test("it never is with a ratio of 1", async () => {
    const store = await stores.open({ compactDeadBytes: 1000, compactDeadRatio: 1 });
    const session = await store.createSession({ id: "s" });
    for (let n = 0; n < 50; n++) await session.putMessage({ id: "m", text: `${n} ${"x".repeat(1000)}` });
    await sleep(1500);
    expect(statSync(logPath(store, "s")).size).toBeGreaterThan(50_000);
  });

  test.runIf(IS_LONG)(
    "79,083 updates of a part leave less than three times its last version and the floor",
    async () => {
      const store = await stores.open();
      const session = await store.createSession({ id: "s" });
      await session.append({ id: "m" });
      let peak = 0;
      let text = "";
      for (let n = 1; n <= 79_083; n++) {
        text = `${"#".repeat(n % 4000)} ${n}`;
        await session.putPart("m", { id: "bar", text });
        if (n % 1000 === 0) {
          peak = Math.max(peak, process.memoryUsage().heapUsed);
          await sleep(1);
        }
      }
      const path = logPath(store, "s");
      await sleep(2 * OLD_STAYS_MS + 10_000);
      const left = readdirSync(join(path, "..")).reduce((sum, name) => sum + statSync(join(path, "..", name)).size, 0);
      process.stderr.write(`79,083 updates: ${left} bytes left, peak of the heap ${Math.round(peak / 1e6)} MB\n`);
      expect(left).toBeLessThan(3 * text.length + 256 * 1024 + 1000);
      expect((await session.history())[0]?.parts[0]?.data).toEqual({ id: "bar", text });
    },
    600_000,
  );
});
