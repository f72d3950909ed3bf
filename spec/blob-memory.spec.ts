// A session full of attachments takes the memory of what is asked for: a heap that all of them would not fit into is enough.
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { output, run } from "./helpers/processes.ts";
import { filesIn, onlyLog, useStores } from "./helpers/stores.ts";

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
/** PDFs of this many bytes, so many of them: 263 MB of base64 in the long form. */
const BYTES = 2_000_000;
const COUNT = IS_LONG ? 99 : 12;
/** What V8 may hold, in MB: in the short form, half of what all attachments take. */
const HEAP_MB = IS_LONG ? 64 : 32;

const stores = useStores();

test(
  "attachments are written one by one, listed, paged and streamed in a small heap",
  { timeout: 600_000 },
  async () => {
    const directory = stores.unverified();
    const before = process.env["NODE_OPTIONS"];
    process.env["NODE_OPTIONS"] = `--max-old-space-size=${HEAP_MB}`;
    try {
      const child = run(
        `
      const { createHash, randomFillSync } = await import("node:crypto");
      const [directory, count, bytes] = args;
      const pdf = Buffer.alloc(bytes);
      const made = () => "data:application/pdf;base64," + (randomFillSync(pdf), pdf.write("%PDF-1.7\\n"), pdf.toString("base64"));
      let peak = 0;
      const measure = () => (peak = Math.max(peak, process.memoryUsage().heapUsed));
      const hashes = [];
      {
        const store = await turnlog.openStore(directory);
        const session = store.session("s", { create: true });
        for (let n = 0; n < count; n++) {
          const url = made();
          hashes.push(createHash("sha256").update(url).digest("hex"));
          await session.append({ id: "m" + n, role: "user", content: [{ type: "file", url }] });
          measure();
        }
        await store.close();
      }
      const store = await turnlog.openStore(directory);
      const session = store.session("s");
      for await (const info of store.sessions()) say(info.id + " " + info.messages);
      const page = await session.page({ limit: 2 });
      measure();
      let isSame = page.items.every(({ data }, n) => createHash("sha256").update(data.content[0].url).digest("hex") === hashes[count - 2 + n]);
      page.items.length = 0;
      let n = 0;
      for await (const { data } of session.messages()) {
        isSame &&= createHash("sha256").update(data.content[0].url).digest("hex") === hashes[n++];
        measure();
      }
      say(isSame + " " + n);
      const [{ data }] = (await session.page({ limit: 1, blobs: "reference" })).items;
      const blob = await store.blob(data.content[0].url);
      let length = 0;
      for await (const piece of blob.stream()) length += piece.length;
      say(length);
      say(Math.round(peak / 1e6));
      await store.close();
      `,
        directory,
        COUNT,
        BYTES,
      );
      const lines = await output(child);
      expect(await child.ended).toBe(0);
      expect(lines.slice(0, 3)).toEqual([`s ${COUNT}`, `true ${COUNT}`, String(BYTES)]);
      expect(Number(lines[3])).toBeLessThan(100);
    } finally {
      if (before === undefined) delete process.env["NODE_OPTIONS"];
      else process.env["NODE_OPTIONS"] = before;
    }
    expect(filesIn(`${directory}/blobs`).map((path) => statSync(path).size)).toEqual(
      Array.from({ length: COUNT }, () => BYTES),
    );
    expect(statSync(onlyLog(directory)).size).toBeLessThan(COUNT * 1000);
  },
);
