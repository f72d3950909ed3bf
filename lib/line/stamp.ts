// A stamp is a line's name, its time and its place in the order of the session: a hybrid logical clock's reading
// (UTC milliseconds and a counter) and the writer that took it.
//
//   2026-11-21T09:08:13.123Z-0000-k3f9x2ab
//   |milliseconds, UTC      | |   |writer, 8 of a-z0-9
//                             |counter, 4 hex
//
// Two stamps compare as their texts do.

import { hexByte } from "./codec.ts";

export interface Stamp {
  readonly ms: number;
  readonly counter: number;
  readonly writer: string;
}

export const STAMP_LENGTH = 38;
const LAST_COUNTER = 0xffff;
const WRITER = /^[a-z0-9]{8}$/;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MINUTE_LENGTH = "2026-11-21T09:08:".length;
/** What follows the minute, each as text. */
const SECONDS: readonly string[] = Array.from({ length: 60 }, (_, each) => `${String(each).padStart(2, "0")}.`);
const MILLISECONDS: readonly string[] = Array.from({ length: 1000 }, (_, each) => `${String(each).padStart(3, "0")}Z`);
/** The first and the last millisecond whose ISO text has a year of four digits. */
const FIRST_MS = Date.UTC(2000, 0, 1) - 730_485 * DAY_MS;
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export function compareStamps(a: Stamp, b: Stamp): number {
  return a.ms - b.ms || a.counter - b.counter || (a.writer < b.writer ? -1 : a.writer > b.writer ? 1 : 0);
}

/** The stamp `steps` counts after this one, of the same writer; a full counter carries into the next millisecond. */
export function advance(stamp: Stamp, steps: number): Stamp {
  const counter = stamp.counter + steps;
  return {
    ms: stamp.ms + Math.floor(counter / (LAST_COUNTER + 1)),
    counter: counter & LAST_COUNTER,
    writer: stamp.writer,
  };
}

/** The next stamp of `writer` at wall time `now`: greater than `last` whatever the clock does. */
export function nextStamp(last: Stamp | undefined, now: number, writer: string): Stamp {
  if (last === undefined || now > last.ms) return { ms: clampMs(now), counter: 0, writer };
  if (last.counter < LAST_COUNTER) return { ms: last.ms, counter: last.counter + 1, writer };
  return { ms: last.ms + 1, counter: 0, writer };
}

/** A time that a stamp can hold; what is no time at all becomes 1970. */
export function clampMs(ms: number): number {
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(Math.trunc(ms), FIRST_MS), LAST_MS);
}

/** False: the clock ran over what a stamp can hold. */
export function isWithinYears({ ms }: Stamp): boolean {
  return ms <= LAST_MS;
}

let lastMs = Number.NaN;
let lastMinute = Number.NaN;
/** The text before the seconds. */
let lastMinuteText = "";
let lastHigh = -1;
/** The text before the counter's last two digits, and after them. */
let lastHead = "";
let lastWriter = "";
let lastTail = "";
let lastStamp: Stamp | undefined;
let lastText = "";

export function formatStamp(stamp: Stamp): string {
  // A line that is written is told to its caller next, and has the millisecond of the line before it, or is near.
  if (stamp === lastStamp) return lastText;
  const { ms, counter, writer } = stamp;
  if (ms !== lastMs || counter >>> 8 !== lastHigh) {
    lastMs = ms;
    lastHigh = counter >>> 8;
    lastHead = `${formatMs(ms)}-${hexByte(lastHigh)}`;
  }
  if (writer !== lastWriter) {
    lastWriter = writer;
    lastTail = `-${writer}`;
  }
  lastText = lastHead + hexByte(counter & 255) + lastTail;
  lastStamp = stamp;
  return lastText;
}

/** As toISOString() has it, which costs a microsecond: lines that follow one another are of one minute, or of the next. */
function formatMs(ms: number): string {
  const minute = Math.floor(ms / MINUTE_MS);
  if (minute !== lastMinute) {
    lastMinuteText = new Date(minute * MINUTE_MS).toISOString().slice(0, MINUTE_LENGTH);
    lastMinute = minute;
  }
  const rest = ms - minute * MINUTE_MS;
  const seconds = Math.floor(rest / 1000);
  return lastMinuteText + SECONDS[seconds] + MILLISECONDS[rest - seconds * 1000];
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-[0-9a-f]{4}-[a-z0-9]{8}$/;
const scratch = Buffer.alloc(STAMP_LENGTH);

/** The stamp that this text is, or undefined. */
export function parseStamp(text: unknown): Stamp | undefined {
  if (typeof text !== "string" || !STAMP.test(text)) return undefined;
  scratch.write(text, "latin1");
  return readStamp(scratch, 0);
}

let writerText = "";
let writerHead = -1;
let writerTail = -1;

/** The stamp that stands in the bytes from `start` on, or undefined. The caller knows that there are 38 of them. */
export function readStamp(bytes: Buffer, start: number): Stamp | undefined {
  const ms = readMs(bytes, start);
  const counter = readCounter(bytes, start + 25);
  if (Number.isNaN(ms) || counter < 0) return undefined;
  const head = bytes.readUInt32LE(start + 30);
  const tail = bytes.readUInt32LE(start + 34);
  if (head !== writerHead || tail !== writerTail) {
    // Nearly every line has the writer of the line before it: its text is made once.
    const text = bytes.toString("latin1", start + 30, start + STAMP_LENGTH);
    if (!WRITER.test(text)) return undefined;
    writerText = text;
    writerHead = head;
    writerTail = tail;
  }
  return { ms, counter, writer: writerText };
}

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
/** The time in `yyyy-mm-ddThh:mm:ss.mmmZ-`, or NaN. By hand, since Date.parse would be a third of a log's scan. */
function readMs(bytes: Buffer, start: number): number {
  // The bytes between the digits: - - T : : . Z - -
  if (bytes[start + 4] !== 45 || bytes[start + 7] !== 45 || bytes[start + 10] !== 84) return Number.NaN;
  if (bytes[start + 13] !== 58 || bytes[start + 16] !== 58 || bytes[start + 19] !== 46) return Number.NaN;
  if (bytes[start + 23] !== 90 || bytes[start + 24] !== 45 || bytes[start + 29] !== 45) return Number.NaN;
  const year = readTwo(bytes, start) * 100 + readTwo(bytes, start + 2);
  const month = readTwo(bytes, start + 5);
  const day = readTwo(bytes, start + 8);
  const hour = readTwo(bytes, start + 11);
  const minute = readTwo(bytes, start + 14);
  const second = readTwo(bytes, start + 17);
  const fraction = readTwo(bytes, start + 20) * 10 + digit(bytes[start + 22] as number);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const daysInMonth = month === 2 ? (isLeap ? 29 : 28) : 30 + ((month + (month >> 3)) & 1);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth)) return Number.NaN;
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  const monthDays = (DAYS_BEFORE_MONTH[month - 1] as number) + (isLeap && month > 2 ? 1 : 0);
  const days = past * 365 + leapDays + monthDays + day - 1 - 719_162;
  return days * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
}

function readTwo(bytes: Buffer, at: number): number {
  return digit(bytes[at] as number) * 10 + digit(bytes[at + 1] as number);
}

/** NaN for what is no digit, which then makes the whole time NaN. */
function digit(code: number): number {
  return code >= 48 && code <= 57 ? code - 48 : Number.NaN;
}

function readCounter(bytes: Buffer, start: number): number {
  let counter = 0;
  for (let at = start; at < start + 4; at++) {
    const code = bytes[at] as number;
    const value = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
    if (value < 0) return -1;
    counter = counter * 16 + value;
  }
  return counter;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A writer's 8 characters out of at least 8 bytes, random or of a hash (36 of 256 are a little uneven: 41.3 bits stay). */
export function writerOf(bytes: Uint8Array): string {
  let writer = "";
  for (let index = 0; index < 8; index++) writer += ALPHABET[(bytes[index] as number) % ALPHABET.length];
  return writer;
}
