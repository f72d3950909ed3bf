// What programs do to a session, and what crashes, editors and other tools do to its log, at random.
import fc from "fast-check";
import { expect } from "vitest";
import type { Session, Store } from "../../lib/index.ts";
import { collect } from "./stores.ts";
import type { Stores } from "./stores.ts";

export interface Step {
  kind: string;
  /** Which of the open stores does it. */
  writer: number;
  which: number;
  size: number;
}

const KINDS = (
  "append append append append batch batch edit edit part part commit remove keepLast before after " +
  "checkout replace title reopen revive restore"
).split(" ");
/** A message of 30,000 bytes ends the first stretch that is read; two are longer than it. */
const SIZES = [0, 0, 0, 0, 0, 100, 30_000];

export const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  writer: fc.nat({ max: 2 }),
  which: fc.nat({ max: 50 }),
  size: fc.constantFrom(...SIZES),
});

export interface Damage {
  kind: string;
  /** Which line, counted from the end: damage near it is what the tail meets. */
  line: number;
  byte: number;
}

export const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom("none", "none", "cut", "torn", "flip", "blank", "fragment", "twice", "conflict", "CR", "drop"),
  line: fc.nat({ max: 12 }),
  byte: fc.nat(),
});

export async function take(session: Session<any, any>, step: Step, count: () => number): Promise<void> {
  const idsNow = async (): Promise<string[]> => await collect(session.messageIds()).catch(() => []);
  const ids = await idsNow();
  const id = ids[ids.length - 1 - (step.which % Math.max(1, ids.length))];
  try {
    await takeOn(session, id, step, count);
  } catch (error) {
    // A reader looks for logs that others began once a second, whoever writes always: the message may be gone since.
    if (id === undefined || (error as { code?: string }).code !== "NOT_FOUND") throw error;
    expect(await idsNow(), `${step.kind} of ${id}: ${String(error)}`).not.toContain(id);
  }
}

async function takeOn(
  session: Session<any, any>,
  id: string | undefined,
  { kind, which, size }: Step,
  count: () => number,
): Promise<void> {
  const message = (): object => ({ id: `m${count()}`, text: "x".repeat(size) });
  if (id === undefined || kind === "append") await session.append(message());
  else if (kind === "batch") await session.append(Array.from({ length: 2 + (which % 3) }, message));
  else if (kind === "edit") await session.putMessage({ id, edited: count(), text: "y".repeat(size) });
  else if (kind === "part") await session.putPart(id, { id: `p${which % 3}`, n: count(), text: "z".repeat(size) });
  else if (kind === "remove") await session.remove(id);
  else if (kind === "keepLast") await session.truncate({ keepLast: which % 12 });
  else if (kind === "before") await session.truncate({ before: id });
  else if (kind === "after") await session.truncate({ after: id });
  else if (kind === "checkout") await session.checkout(id);
  else if (kind === "title") await session.update({ title: `title ${count()}` });
  else if (kind === "replace") {
    const kept = (await session.history()).slice(0, which % 20).map(({ data }) => data);
    await session.replace([...kept, message()]);
  } else if (kind === "revive") {
    await session.delete({ trash: false });
    await session.append([message(), message()]);
  } else if (kind === "restore") {
    await session.delete();
    await session.restore();
  } else {
    await session.commit((commit) => {
      commit.append(message(), message());
      commit.putPart(id, { id: "p", n: count() });
      commit.remove(id);
    });
  }
}

/** An open store with what these steps make of two sessions, with info of several kinds. */
export async function storeAfter(stores: Stores, steps: readonly Step[]): Promise<Store<any, any>> {
  const store = await stores.open();
  let n = 0;
  for (const each of steps) {
    const session = store.session(`s${each.which % 2}`, { create: true });
    await take(session, each, () => n++);
    if (each.kind === "title")
      await session.update({ tags: [String(n)], metadata: { type: "session", n }, pinned: n % 2 === 0 });
  }
  return store;
}

/** What crashes, editors and other tools do to a log. The header stays, and so do the stamps. */
export function spoil(bytes: Buffer, { kind, line, byte }: Damage): Buffer {
  const starts = [...bytes.keys()].filter((at) => at === 0 || bytes[at - 1] === 10).filter((at) => at < bytes.length);
  const start = starts[Math.max(1, starts.length - 1 - line)] ?? bytes.length;
  const end = bytes.indexOf(10, start) + 1;
  const before = bytes.subarray(0, start);
  const own = bytes.subarray(start, end);
  const after = bytes.subarray(end);
  const torn = own.subarray(0, Math.max(1, byte % Math.max(1, own.length - 1)));
  const joined = (...pieces: (Buffer | string)[]): Buffer =>
    Buffer.concat(pieces.map((each) => Buffer.from(each as string)));
  if (own.length === 0) return bytes;
  if (kind === "cut") return joined(before, torn);
  if (kind === "torn") return joined(bytes, torn);
  if (kind === "blank") return joined(before, "\n \t\r\n", own, after);
  if (kind === "fragment") return joined(before, torn, "\n", own, after);
  if (kind === "twice") return joined(before, own, own, after);
  if (kind === "conflict") return joined(before, "<<<<<<< HEAD\n", own, "=======\n", after);
  if (kind === "CR") return joined(before, own.subarray(0, -1), "\r\n", after);
  if (kind === "drop") return joined(before, after);
  if (kind === "flip") {
    const flipped = Buffer.from(own);
    const at = 46 + (byte % (flipped.length - 47));
    flipped[at] = flipped[at]! ^ (1 << (byte % 7));
    return joined(before, flipped, after);
  }
  return bytes;
}
