// A log of every line type, damaged at every byte: what is damaged is found and told, all else is read, and repair leaves
// a store that verify has nothing more to say of than what nobody can mend.
import "./helpers/in-memory.ts";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RepairAction } from "../lib/index.ts";
import { logOfEveryType, sealed } from "./helpers/every-type.ts";
import { MemoryLog } from "./helpers/memory-log.ts";
import { headerOf } from "./helpers/naive-lines.ts";
import { foldNaively, readLog } from "./helpers/naive-reader.ts";
import type { NaiveSession } from "./helpers/naive-reader.ts";
import { useStores } from "./helpers/stores.ts";

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const stores = useStores();
let log: MemoryLog;
let whole: Buffer;
beforeEach(async () => {
  log = await MemoryLog.open("used");
  whole = await logOfEveryType(stores);
});
afterEach(() => log.store.close());

/** What cannot be mended: the bytes that were are gone, and that the last line of all is among them is known ("rolled-back"). */
const LASTING = new Set(["altered", "orphan", "gap", "incomplete", "rolled-back"]);

/** What the second reader makes of a log; undefined: it has no header of the session. */
function readNaively(bytes: Buffer): NaiveSession | undefined {
  const lines = readLog(bytes);
  const header = headerOf(bytes);
  return header?.id === "used" && !(header.data?.format > 1) ? foldNaively([lines]) : undefined;
}

/** The library answers as the second reader does, or says that it cannot. */
async function expectAnswer(bytes: Buffer, what: string): Promise<void> {
  const expected = readNaively(bytes);
  const session = log.store.session("used");
  if (expected === undefined) {
    const refusal = expect.objectContaining({ code: expect.stringMatching(/^(DAMAGED|NEWER_FORMAT)$/) });
    await expect(session.history(), what).rejects.toThrow(refusal);
  } else if (expected.deleted) {
    await expect(session.history(), what).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  } else {
    const history = await session.history().catch((error: unknown) => error);
    expect(history, what).toEqual(expected.history);
  }
}

/** The header of a log without a line begins at the time when it is made. */
function withoutStamp({ message: _, ...action }: RepairAction): object {
  return action;
}

/** Repairs the log. -> what it holds then */
async function repaired(bytes: Buffer, what: string): Promise<Buffer> {
  const trial = await log.store.repair({ dryRun: true });
  expect(log.get().equals(bytes), what).toBe(true);
  const { actions, left } = await log.store.repair();
  const planned = readLog(bytes).length > 0 ? trial.actions : trial.actions.map(withoutStamp);
  expect(readLog(bytes).length > 0 ? actions : actions.map(withoutStamp), what).toEqual(planned);
  expect(await log.verify(), what).toEqual(left);
  if (left.some(({ code }) => code === "foreign-header" || code === "newer-format")) {
    // Whose log it is cannot be told: nothing of it is touched.
    expect(log.get().equals(bytes), what).toBe(true);
    expect(left.filter(({ isRepairable }) => isRepairable)).toEqual([]);
    return bytes;
  }
  for (const { code, isRepairable } of left) {
    expect(isRepairable, what).toBe(false);
    expect(LASTING, what).toContain(code);
  }
  const after = log.get();
  expect((await log.store.repair()).actions, what).toEqual([]);
  expect(log.get().equals(after), what).toBe(true);
  // What a newline at the end makes whole is whole from then on, as after the next append.
  const ended = Buffer.concat([bytes, Buffer.from("\n")]);
  const expected = readNaively(ended);
  if (expected !== undefined) expect(readNaively(after), what).toEqual(expected);
  else expect(readNaively(after), what).toBeDefined();
  await expectAnswer(after, what);
  // Every line that counted is there, and every byte that is not is in lost+found/.
  const kept = after.toString("latin1");
  for (const { at } of readLog(ended)) expect(kept, what).toContain(at);
  for (const { to, action, offset, bytes: length } of actions) {
    if (action === "moved") expect(log.get(to).equals(bytes.subarray(offset, offset! + length!)), what).toBe(true);
  }
  for (const { to } of actions) if (to !== undefined) log.vfs.remove(to);
  return after;
}

const VALUES: readonly ((byte: number) => number)[] = [
  (byte) => byte ^ 1,
  () => 0,
  () => 10,
  () => 0xff,
  () => 0x22,
  ...(IS_LONG ? [2, 4, 8, 16, 32, 64, 128].map((bit) => (byte: number) => byte ^ bit) : []),
];

/** The log with each byte changed, each to some values; in the long form to all. */
function* flips(): Generator<{ bytes: Buffer; at: number; what: string }> {
  for (let at = 0; at < whole.length; at++) {
    for (const [number, value] of VALUES.entries()) {
      // Each byte's lowest bit, and one of the other values in turn.
      if (!IS_LONG && number !== 0 && number !== 1 + (at % (VALUES.length - 1))) continue;
      const bytes = Buffer.from(whole);
      bytes[at] = value(bytes[at]!);
      if (bytes[at] !== whole[at]) yield { bytes, at, what: `byte ${at} from ${whole[at]} to ${bytes[at]}` };
    }
  }
}

test("every changed byte is found by verify, and no answer is wrong", async () => {
  const missed: string[] = [];
  let flipped = 0;
  for (const { bytes, what } of flips()) {
    flipped++;
    await log.set(bytes);
    const problems = await log.verify();
    if (!problems.some(({ severity }) => severity !== "info" || bytes.at(-1) !== 10)) missed.push(what);
    await expectAnswer(bytes, what);
  }
  expect(missed).toEqual([]);
  expect(flipped).toBeGreaterThan(whole.length);
}, 900_000);

test("a repair of a changed byte leaves the same history and nothing that can be mended", async () => {
  let count = 0;
  for (const { bytes, at, what } of flips()) {
    // A line's first and last bytes, where most depends on one, and of the rest some.
    const isBorder = whole.subarray(Math.max(0, at - 3), at + 3).includes(10);
    if (!IS_LONG && !isBorder && count++ % 9 !== 0) continue;
    await log.set(bytes);
    await repaired(bytes, what);
  }
}, 1_800_000);

test("a header with one changed byte is restored as it was", async () => {
  const end = whole.indexOf(10);
  for (let at = 0; at < end; at += IS_LONG ? 1 : 5) {
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 1;
    await log.set(bytes);
    const problems = await log.verify();
    const after = await repaired(bytes, `byte ${at}`);
    // An altered header that says nothing wrong is served as it stands.
    if (problems.some(({ code }) => code.endsWith("header"))) expect(after.equals(whole), `byte ${at}`).toBe(true);
    else expect(problems.map(({ code }) => code)).toContain("altered");
  }
}, 300_000);

test("a block of 4 KiB zeroed anywhere is found, and what lies around it is read and stays", async () => {
  const lines = whole.toString().trimEnd().split("\n");
  const first = lines.slice(0, 3);
  const more = Array.from({ length: 40 }, (_, n) =>
    sealed({
      at: `2099-02-01T00:00:00.${String(n).padStart(3, "0")}Z-0000-zzzzzzzz`,
      type: "message",
      id: `z${n}`,
      data: { text: "é".repeat(20 + n * 7) },
    }),
  );
  whole = Buffer.from(`${[...lines, ...more].join("\n")}\n`);
  expect(first.every((line) => whole.includes(line))).toBe(true);
  for (let at = -2048; at < whole.length; at += IS_LONG ? 16 : 256) {
    const bytes = Buffer.from(whole);
    bytes.fill(0, Math.max(0, at), Math.min(at + 4096, bytes.length));
    await log.set(bytes);
    expect(await log.verify(), `${at}`).not.toEqual([]);
    await expectAnswer(bytes, `${at}`);
    await repaired(bytes, `${at}`);
  }
}, 600_000);

test("each line deleted, doubled, or exchanged with each other: read as the rules say; what stands twice or apart is mended", async () => {
  const lines = whole.toString("latin1").trimEnd().split("\n");
  const bytesOf = (list: readonly string[]): Buffer => Buffer.from(`${list.join("\n")}\n`, "latin1");
  for (const [index, line] of lines.entries()) {
    const without = bytesOf(lines.toSpliced(index, 1));
    await log.set(without);
    await expectAnswer(without, `without line ${index}`);
    await repaired(without, `without line ${index}`);
    for (let to = index; to < lines.length; to += IS_LONG ? 1 : 7) {
      const doubled = bytesOf(lines.toSpliced(to, 0, line));
      await log.set(doubled);
      const codes = (await log.verify()).map(({ code }) => code);
      expect(codes).toContain("repeated");
      await expectAnswer(doubled, `line ${index} again before line ${to}`);
      const once = await repaired(doubled, `line ${index} again before line ${to}`);
      expect(once.equals(whole)).toBe(true);
      if (to === index) continue;
      const swapped = bytesOf(lines.with(index, lines[to]!).with(to, line));
      await log.set(swapped);
      expect((await log.verify()).map(({ code }) => code)).toEqual(["unsorted"]);
      await expectAnswer(swapped, `line ${index} for line ${to}`);
      expect((await repaired(swapped, `line ${index} for line ${to}`)).equals(whole)).toBe(true);
    }
  }
}, 600_000);

test("cut anywhere, what is left is read and mended", async () => {
  for (let cut = 0; cut < whole.length; cut += IS_LONG ? 1 : 7) {
    const bytes = whole.subarray(0, cut);
    await log.set(bytes);
    const problems = await log.verify();
    const isWhole = cut > 0 && bytes.at(-1) === 10 && problems.every(({ code }) => code === "gap" || code === "orphan");
    if (!isWhole) expect(problems, `cut at ${cut}`).not.toEqual([]);
    await expectAnswer(bytes, `cut at ${cut}`);
    await repaired(bytes, `cut at ${cut}`);
  }
}, 600_000);

const TEXTS = [
  "\n",
  "\0",
  "\r\n",
  "x",
  '{"at":"',
  '"}',
  "<<<<<<< ours\n",
  "\ufeff",
  '{"at":"2025-06-01T09:00:00.009Z-0000-aaaaaaaa"',
];
const edit = fc.record({
  kind: fc.constantFrom("insert", "delete", "copy", "change"),
  at: fc.nat(),
  to: fc.nat(),
  length: fc.integer({ min: 1, max: 400 }),
  text: fc.constantFrom(...TEXTS),
});

/** A commit whose end is lost, and which counts by a later one of its writer that lacks its end, too. */
const LOST_ENDS = [
  { kind: "copy", at: 0, to: 0, length: 6, text: "\n" },
  { kind: "insert", at: 0, to: 0, length: 1, text: '{"at":"2025-06-01T09:00:00.009Z-0000-aaaaaaaa"' },
  { kind: "copy", at: 1_450_764_530, to: 0, length: 111, text: "\n" },
  { kind: "insert", at: 0, to: 0, length: 1, text: "\n" },
  { kind: "insert", at: 518_134_312, to: 0, length: 1, text: "\n" },
];

test("whatever becomes of the bytes: no answer is wrong, a repair loses no line, and a second one does nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      let bytes = whole;
      for (const { kind, at, to, length, text } of edits) {
        const from = at % (bytes.length + 1);
        const before = bytes.subarray(0, from);
        const rest = bytes.subarray(kind === "delete" ? from + length : kind === "change" ? from + 1 : from);
        const start = to % (bytes.length + 1);
        const copied = bytes.subarray(start, start + length);
        const added = kind === "copy" ? copied : Buffer.from(kind === "delete" ? "" : kind === "change" ? "?" : text);
        bytes = Buffer.concat([before, added, rest]);
      }
      await log.set(bytes);
      await log.verify();
      await expectAnswer(bytes, "edited");
      await repaired(bytes, "edited");
    }),
    { ...(IS_LONG ? { numRuns: 5000 } : { numRuns: 100, seed: 4 }), examples: [[LOST_ENDS]] },
  );
}, 900_000);
