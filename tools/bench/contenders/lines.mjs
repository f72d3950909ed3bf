// Lines of a file, read as cheaply as Node can: large chunks, and a string for each line alone.
import fs from "node:fs";

/** No line is longer. */
const CHUNK_BYTES = 1024 * 1024;
const TAIL_BYTES = 64 * 1024;
const LF = 10;

/**
 * @param {string} path
 * @param {(line: string, bytes: Buffer) => boolean} visit
 * @returns {number} how often `visit` said yes
 */
export function readLines(path, visit) {
  const file = fs.openSync(path, "r");
  const bytes = Buffer.allocUnsafeSlow(2 * CHUNK_BYTES);
  let kept = 0;
  let found = 0;
  for (;;) {
    const count = fs.readSync(file, bytes, kept, CHUNK_BYTES, null);
    if (count === 0) break;
    const end = bytes.lastIndexOf(LF, kept + count - 1) + 1;
    for (let start = 0; start < end;) {
      const lineEnd = bytes.indexOf(LF, start);
      if (visit(bytes.toString("utf8", start, lineEnd), bytes.subarray(start, lineEnd))) found++;
      start = lineEnd + 1;
    }
    bytes.copyWithin(0, end, kept + count);
    kept += count - end;
  }
  fs.closeSync(file);
  return found;
}

/**
 * @param {number} file
 * @param {number} count
 * @returns {object[]} the last so many, parsed, in their order
 */
export function readBackwards(file, count) {
  const { size } = fs.fstatSync(file);
  let tail = Buffer.alloc(0);
  for (let start = size; start > 0;) {
    const length = Math.min(TAIL_BYTES, start);
    start -= length;
    const chunk = Buffer.allocUnsafe(length + tail.length);
    fs.readSync(file, chunk, 0, length, start);
    tail.copy(chunk, length);
    tail = chunk;
    const lines = lastLines(tail, count, start === 0);
    if (lines !== undefined) return lines.map((line) => JSON.parse(line));
  }
  return [];
}

/**
 * @param {Buffer} tail that ends with a line
 * @param {number} count
 * @param {boolean} isAll it begins with one, too
 * @returns {string[] | undefined} undefined: there are not enough in it
 */
function lastLines(tail, count, isAll) {
  /** @type {string[]} */
  const lines = [];
  for (let end = tail.length - 1; lines.length < count && end > 0;) {
    const before = tail.lastIndexOf(LF, end - 1);
    if (before === -1 && !isAll) return undefined;
    lines.push(tail.toString("utf8", before + 1, end));
    end = before;
  }
  return lines.length === count || isAll ? lines.reverse() : undefined;
}
