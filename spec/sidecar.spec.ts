// A sidecar gives back the fold that it was made of, whole or block by block, or nothing at all.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryVfs } from "../lib/disk/memory-vfs.ts";
import type { VfsFile } from "../lib/disk/vfs.ts";
import { encodeSidecar } from "../lib/indexes/offsets/encode.ts";
import type { SidecarOwner } from "../lib/indexes/offsets/encode.ts";
import { Paged } from "../lib/indexes/offsets/paged.ts";
import { BadSidecarError, readMeta, Sidecar } from "../lib/indexes/offsets/sidecar.ts";
import { hashId } from "../lib/line/codec.ts";
import { Fold } from "../lib/line/fold.ts";
import { freeze } from "../lib/line/frozen.ts";
import { Rows } from "../lib/line/rows.ts";
import { advance, formatStamp } from "../lib/line/stamp.ts";
import type { Stamp } from "../lib/line/stamp.ts";
import { finish } from "./helpers/generators.ts";
import type { NaiveLine } from "./helpers/naive-reader.ts";
import { arrivals, delays, headOf, linesOf, OPEN, say, steps, WRITERS } from "./helpers/random-lines.ts";

const LOG = {
  path: "m-1/2026-01/s.jsonl",
  dev: 2049,
  ino: 2 ** 40 + 1,
  size: 2 ** 41,
  mtimeMs: 1.5,
  ctimeMs: 1_767_225_600_000.123,
  covered: 2 ** 41 - 7,
  crc: 4_294_967_295,
  endsClean: false,
  problems: [{ code: "damaged", offset: 2 ** 40, length: 12 }],
  unsettled: [{ code: "torn", offset: 2 ** 41 - 7, length: 7 }],
  closed: ["aaaaaaaa"],
};
const OWNER: SidecarOwner = { session: "s \u{1f600}", machine: "m-1", logs: [LOG] };

function encode(fold: Fold): Buffer {
  return Buffer.concat([...encodeSidecar(freeze(fold), OWNER)].filter((bytes) => bytes !== undefined));
}

function fileOf(bytes: Buffer): VfsFile {
  const vfs = new MemoryVfs();
  vfs.makeDirectory("/d");
  const file = vfs.open("/d/f", "create");
  file.write(bytes, bytes.length);
  return file;
}

function open(bytes: Buffer): Sidecar | undefined {
  const file = fileOf(bytes);
  const meta = readMeta(file, bytes.length);
  return meta && new Sidecar(meta, () => file);
}

async function restore(bytes: Buffer): Promise<Fold | undefined> {
  const sidecar = open(bytes);
  if (sidecar === undefined) return undefined;
  const rows = new Rows(sidecar.text.rows, sidecar.writers, await sidecar.blocks());
  return new Fold(rows, finish(await sidecar.state()));
}

/** What a reader asks of a fold, or of what stands for one. */
function ask(reading: Fold | Paged, places: Stamp[]): unknown {
  const { rows, history, ids, info, tally, first, last, tip, deletedAt } = reading;
  const { orphans, isDiverged, otherBranches, liveBytes } = reading;
  const at = (row: number): string => formatStamp(rows.place(row));
  const { length } = history;
  return {
    known: { length, first, last, tip, deletedAt, orphans, isDiverged, otherBranches, liveBytes },
    history: Array.from(history.slice(0, length)).map((row) => [
      at(row),
      rows.offsetOf(row),
      rows.partsOf(row).map(at),
    ]),
    single: Array.from({ length }, (_, position) => at(history.rowAt(position))),
    middle: Array.from(history.slice(Math.floor(length / 3), Math.ceil(length / 2))).map(at),
    beyond: Array.from(history.slice(length, length + 3)),
    positions: places.map((place) => history.positionOf(place)),
    found: places.map((place) => {
      const row = rows.find(place);
      return row === -1 ? "none" : [at(row), history.includes(row), rows.isAlive(row), rows.isPart(row)];
    }),
    ids: Array.from({ length: 14 }, (_, n) => ids.rowsOf(hashId(`m${n}`)).map(at)),
    knows: [...WRITERS, "zzzzzzzz"].map((writer) => reading.knows(writer)),
    info: info.entries(),
    tally: [...tally.types],
  };
}

function placesAround(lines: NaiveLine[]): Stamp[] {
  const stamps = lines.map((line, index) => headOf(line, index).stamp);
  return stamps.flatMap((stamp) => [stamp, advance(stamp, 1)]);
}

test("what is saved comes back, and goes on as what was not saved", async () => {
  await fc.assert(
    fc.asyncProperty(steps(60), delays, fc.nat(), async (steps, late, moment) => {
      const lines = linesOf([...WRITERS.map((_, writer) => ({ ...OPEN, writer })), ...steps]);
      const all = arrivals(lines, late);
      const fold = new Fold();
      const stop = 1 + (moment % all.length);
      for (const { head, log } of all.slice(0, stop)) fold.apply(head, log);
      const bytes = encode(fold);
      const again = (await restore(bytes))!;
      expect(say(again, lines)).toEqual(say(fold, lines));
      const paged = new Paged(open(bytes)!);
      expect(ask(paged, placesAround(lines))).toEqual(ask(fold, placesAround(lines)));
      for (const { head, log } of all.slice(stop)) expect(again.apply(head, log)).toBe(fold.apply(head, log));
      expect(say(again, lines)).toEqual(say(fold, lines));
      // What was restored is saved again, with what came since.
      expect(say((await restore(encode(again)))!, lines)).toEqual(say(fold, lines));
    }),
    { numRuns: 500 },
  );
});

/** Messages of several blocks, with parts, of which some are removed. */
function longFold(count: number): { fold: Fold; lines: NaiveLine[] } {
  const at = (n: number): string => formatStamp({ ms: Date.UTC(2026, 0, 1) + n, counter: 0, writer: WRITERS[n % 2]! });
  const lines: NaiveLine[] = WRITERS.map((_, n) => ({ at: at(n), type: "open" }));
  for (let n = 3; n < count; n++) {
    if (n % 7 === 5) lines.push({ at: at(n), type: "part", id: "p", message: at(n - 3), data: n });
    else if (n % 50 === 49) lines.push({ at: at(n), type: "remove", of: at(n - 40) });
    else lines.push({ at: at(n), type: "message", id: `m${n % 100}`, data: n });
  }
  lines.push({ at: at(count), type: "truncate", data: { from: at(600), to: at(1700) } });
  const fold = new Fold();
  for (const [index, line] of lines.entries()) fold.apply(headOf(line, index), 0);
  return { fold, lines };
}

test("a long session is read block by block as a whole", async () => {
  for (const count of [511, 514, 515, 516, 1600, 5000]) {
    const { fold, lines } = longFold(count);
    const bytes = encode(fold);
    expect(ask(new Paged(open(bytes)!), placesAround(lines))).toEqual(ask(fold, placesAround(lines)));
    expect(say((await restore(bytes))!, lines)).toEqual(say(fold, lines));
  }
});

test("who asks for little reads little", () => {
  const { fold, lines } = longFold(100_000);
  const bytes = encode(fold);
  const file = fileOf(bytes);
  let read = 0;
  const counting = new Proxy(file, {
    get: (_, key: keyof VfsFile) =>
      key === "read"
        ? (...args: Parameters<VfsFile["read"]>): number => {
            read += args[2];
            return file.read(...args);
          }
        : file[key],
  });
  const paged = new Paged(new Sidecar(readMeta(counting, bytes.length)!, () => counting));
  const { history, rows, ids } = paged;
  expect(read).toBeLessThan(100_000);
  read = 0;
  const row = history.rowAt(Math.floor(history.length / 2));
  const position = history.positionOf(rows.place(row));
  expect(history.slice(position, position + 50)).toHaveLength(50);
  expect(read).toBeLessThan(60_000);
  read = 0;
  expect(ids.rowsOf(hashId("m42")).length).toBeGreaterThan(10);
  expect(read).toBeLessThan(100_000);
  expect(lines.length).toBeGreaterThan(99_000);
});

test("a flipped bit or a lost end anywhere is seen", async () => {
  const { fold, lines } = longFold(600);
  const bytes = encode(fold);
  const expected = { whole: say(fold, lines), asked: ask(fold, placesAround(lines)) };
  const look = async (damaged: Buffer): Promise<boolean> => {
    const known = open(damaged);
    if (known === undefined) return true;
    const again = await restore(damaged).catch((error: unknown) => {
      expect(error).toBeInstanceOf(BadSidecarError);
    });
    if (again instanceof Fold) expect(say(again, lines)).toEqual(expected.whole);
    try {
      expect(ask(new Paged(known), placesAround(lines))).toEqual(expected.asked);
      return again === undefined;
    } catch (error) {
      if (!(error instanceof BadSidecarError)) throw error;
      return true;
    }
  };
  expect(await look(bytes)).toBe(false);
  for (let at = 0; at < bytes.length; at += 23) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    expect(await look(flipped), `byte ${at} of ${bytes.length}`).toBe(true);
  }
  for (let length = 0; length < bytes.length; length += 997) {
    expect(open(bytes.subarray(0, length))).toBeUndefined();
    const zeros = Buffer.concat([bytes.subarray(0, length), Buffer.alloc(bytes.length - length)]);
    expect(open(zeros)).toBeUndefined();
  }
  expect(open(Buffer.concat([bytes, bytes.subarray(0, 8)]))).toBeUndefined();
  expect(open(Buffer.concat([bytes, bytes]))).toBeUndefined();
});
