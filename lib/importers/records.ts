// The lines of a log as objects, in order. What is none is told of, and the others go on.
import { StoreError } from "../base/errors.ts";
import type { OnProblem } from "./importer.ts";
import { parseObject } from "./importer.ts";
import { linesOf } from "./source.ts";

export interface SourceRecord {
  /** The number of its line, from 1. */
  readonly line: number;
  /** Where it lies in the file. */
  readonly offset: number;
  readonly length: number;
  readonly value: Record<string, unknown>;
}

/** The last line may be one that the tool is writing just now: the next import takes it. */
export const TORN_LINE = "a torn line at the end";

export async function* recordsIn(path: string, onProblem: OnProblem): AsyncGenerator<SourceRecord> {
  try {
    for await (const { number, offset, length, text, isOpen } of linesOf(path)) {
      const value = text === undefined ? undefined : parseRecord(text);
      if (value !== undefined) yield { line: number, offset, length, value };
      else onProblem(path, isOpen ? TORN_LINE : "no record: it is no JSON object", number);
    }
  } catch (error) {
    // The rest of a packed file is lost; what came before that is taken over.
    if (!(error instanceof StoreError && error.code === "DAMAGED")) throw error;
    onProblem(path, error.message);
  }
}

/** A line's object. A file system that lost power can leave NULs where nothing was written. */
export function parseRecord(text: string): Record<string, unknown> | undefined {
  return parseObject(text) ?? (text.includes("\0") ? parseObject(text.replaceAll("\0", "")) : undefined);
}

/** So much of a file says what it is. */
const HEAD_LINES = 64;
const HEAD_BYTES = 4 * 1024 * 1024;

/** The first records, as far as they can be had without reading all of a long file. Nothing is told of. */
export async function* firstRecordsIn(path: string): AsyncGenerator<Record<string, unknown>> {
  let count = 0;
  for await (const { offset, value } of recordsIn(path, () => undefined)) {
    yield value;
    if (++count === HEAD_LINES || offset > HEAD_BYTES) return;
  }
}
