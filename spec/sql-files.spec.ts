// The files that logs in a database are shown as: what comes out is what went in, however little of it is fetched.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NotHere } from "../lib/disk/far.ts";
import { FarContent } from "../lib/sql/far-content.ts";
import { bytesOf, linesOf, positionOf } from "../lib/sql/database/log-lines.ts";

const bytes = fc
  .array(fc.oneof(fc.constant(10), fc.constant(10), fc.integer({ min: 0, max: 255 })), { maxLength: 200 })
  .map((each) => Buffer.from(each));

describe("a log as rows", () => {
  it("comes back byte for byte, whatever it is, from any place to any other", () => {
    fc.assert(
      fc.property(bytes, fc.nat(300), fc.nat(200), fc.nat(200), (log, offset, a, b) => {
        const [from, to] = [Math.min(a, b, log.length), Math.min(Math.max(a, b), log.length)];
        const rows = [...linesOf(log, 3, offset)];
        // What a request gives: the rows of this stretch, and the one that covers its beginning.
        const first = rows.findLast(({ position }) => position <= positionOf(3, offset + from))?.position ?? 0;
        const end = positionOf(3, offset + to);
        const asked = rows.filter(({ position }) => position >= first && position < end);
        expect(bytesOf(asked, 3, offset + from, offset + to)).toEqual(log.subarray(from, to));
      }),
    );
  });

  it("has a row for each piece that is not blank, with its stamp if it is a line", () => {
    const line = '{"at":"2026-11-21T09:08:13.123Z-0000-k3f9x2ab","type":"message"}';
    const rows = [...linesOf(Buffer.from(`${line}\n\nno line\n${line}`), 1, 0)];
    expect(rows.map(({ stamp }) => stamp)).toEqual([
      "2026-11-21T09:08:13.123Z-0000-k3f9x2ab",
      "",
      "2026-11-21T09:08:13.123Z-0000-k3f9x2ab",
    ]);
    expect(rows.map(({ position }) => position - positionOf(1, 0))).toEqual([0, line.length + 2, line.length + 10]);
  });
});

type Step =
  | { readonly kind: "write"; readonly bytes: Buffer }
  | { readonly kind: "read" | "later" | "bring"; readonly from: number; readonly length: number }
  | { readonly kind: "settle" | "unwrite" | "drop" | "bringAll" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), bytes }),
  fc.record({
    kind: fc.constantFrom("read" as const, "later" as const, "bring" as const),
    from: fc.nat(600),
    length: fc.nat(300),
  }),
  fc.record({ kind: fc.constantFrom("settle" as const, "unwrite" as const, "drop" as const, "bringAll" as const) }),
);

/** The same as a buffer: what is stored, and what was written since. */
class Model {
  stored: Buffer;
  written: Buffer = Buffer.alloc(0);

  constructor(stored: Buffer) {
    this.stored = stored;
  }

  get all(): Buffer {
    return Buffer.concat([this.stored, this.written]);
  }
}

describe("a file whose bytes are far away", () => {
  it("gives what a buffer gives, whatever was fetched, written, kept and dropped before", async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(step, { maxLength: 30 }), async (first, steps) => {
        const model = new Model(first);
        const fetch = (from: number, to: number): Promise<Buffer> =>
          Promise.resolve(Buffer.from(model.stored.subarray(from, to)));
        const content = new FarContent("/log", first.length, fetch);
        for (const each of steps) await take(content, model, each);
        expect(content.size).toBe(model.all.length);
        expect(await readNow(content, 0, content.size)).toEqual(model.all);
      }),
      { numRuns: 300 },
    );
  });

  it("says at once that it lacks something, and has it when that was waited for", async () => {
    const log = Buffer.alloc(300_000, "x");
    let fetched = 0;
    const content = new FarContent("/log", log.length, (from, to) => {
      fetched++;
      return Promise.resolve(log.subarray(from, to));
    });
    expect(() => content.read(Buffer.alloc(10), 0, 10, 0)).toThrow(NotHere);
    expect(await readNow(content, 0, 10)).toEqual(log.subarray(0, 10));
    expect(fetched).toBe(1);
    // From the beginning on some more came along.
    expect(content.read(Buffer.alloc(10), 0, 10, 1000)).toBe(10);
    expect(fetched).toBe(1);
    content.drop();
    expect(() => content.read(Buffer.alloc(10), 0, 10, 0)).toThrow(NotHere);
  });
});

describe("who reads all of a file in passing", () => {
  it.each([
    ["from front to back", (step: number, steps: number) => Math.min(step, steps - 1)],
    ["from back to front", (step: number, steps: number) => steps - 1 - step],
    ["here and there", (step: number, steps: number) => (step * 7919) % steps],
  ])("misses a few times what is fetched, not at each step: %s", async (_, stepAt) => {
    const log = Buffer.alloc(20_000_000, "x");
    let fetched = 0;
    const content = new FarContent("/log", log.length, (from, to) => {
      fetched++;
      return Promise.resolve(log.subarray(from, to));
    });
    const steps = 2000;
    for (let step = 0; step < steps; step++)
      expect((await readNow(content, stepAt(step, steps) * 10_000, 10_000)).length).toBe(10_000);
    expect(fetched).toBeLessThanOrEqual(6);
  });
});

async function take(content: FarContent, model: Model, each: Step): Promise<void> {
  switch (each.kind) {
    case "write":
      content.write(each.bytes, each.bytes.length);
      model.written = Buffer.concat([model.written, each.bytes]);
      break;
    case "read":
      expect(await readNow(content, each.from, each.length)).toEqual(
        model.all.subarray(each.from, each.from + each.length),
      );
      break;
    case "later": {
      const target = Buffer.alloc(each.length);
      const count = await content.readLater(target, 0, each.length, each.from);
      expect(target.subarray(0, count)).toEqual(model.all.subarray(each.from, each.from + each.length));
      break;
    }
    case "bring":
      await content.bring(Math.min(each.from, content.stored), Math.min(each.from + each.length, content.stored));
      break;
    case "settle":
      content.settle();
      model.stored = model.all;
      model.written = Buffer.alloc(0);
      break;
    case "unwrite":
      content.unwrite();
      model.written = Buffer.alloc(0);
      break;
    case "drop":
      content.drop();
      break;
    case "bringAll":
      await content.bringAll();
      break;
  }
}

/** Reads in passing, as often as it takes. */
async function readNow(content: FarContent, from: number, length: number): Promise<Buffer> {
  for (let tries = 0; tries < 5; tries++) {
    const target = Buffer.alloc(length);
    try {
      return target.subarray(0, content.read(target, 0, length, from));
    } catch (error) {
      if (!(error instanceof NotHere)) throw error;
      await error.fetch();
    }
  }
  throw new Error("what was fetched is not there");
}
