// Values of a graph's channels as they stand in a log, and the order of the writes to them.
import { crypto } from "../../base/crypto.ts";
import type { Serde } from "./types.ts";

/** What a Serde gave: JSON as itself, so that it is read, searched and compared as any; other bytes as base64. */
export interface Typed {
  readonly type: string;
  readonly value?: unknown;
  readonly base64?: string;
}

/** A value, and the name of its content: equal values have one. */
export interface Named {
  readonly typed: Typed;
  readonly hash: string;
}

export async function dump(serde: Serde, value: unknown): Promise<Named> {
  const [type, bytes] = await serde.dumpsTyped(value);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hash = crypto().createHash("sha256").update(`${type}\0`).update(buffer).digest("hex").slice(0, 32);
  if (type !== "json" || buffer.length === 0) return { typed: { type, base64: buffer.toString("base64") }, hash };
  return { typed: { type, value: JSON.parse(buffer.toString()) as unknown }, hash };
}

export async function load(serde: Serde, { type, value, base64 }: Typed): Promise<unknown> {
  return await serde.loadsTyped(
    type,
    base64 === undefined ? JSON.stringify(value) : new Uint8Array(Buffer.from(base64, "base64")),
  );
}

/** What a task wrote to a channel: a part of the checkpoint that it began at. */
export interface StoredWrite {
  readonly id: string;
  readonly task: string;
  readonly path: string;
  readonly index: number;
  readonly channel: string;
  readonly value: Typed;
}

/** Writes that are not of a channel of the graph; a later one replaces them. */
const INDEX_OF: Readonly<Record<string, number>> = {
  __error__: -1,
  __scheduled__: -2,
  __interrupt__: -3,
  __resume__: -4,
};

export function indexOf(channel: string, position: number): number {
  return (Object.hasOwn(INDEX_OF, channel) ? INDEX_OF[channel] : undefined) ?? position;
}

/** The order in which a step's writes are applied: by the task's path, the task, and the write's index. */
export function compareWrites(a: StoredWrite, b: StoredWrite): number {
  return compareCodePoints(a.path, b.path) || compareCodePoints(a.task, b.task) || a.index - b.index;
}

/** As Python compares texts. In UTF-16 units what lies beyond U+FFFF would come before U+E000. */
function compareCodePoints(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length;) {
    const [left, right] = [a.codePointAt(at) as number, b.codePointAt(at) as number];
    if (left !== right) return left - right;
    at += left > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}
