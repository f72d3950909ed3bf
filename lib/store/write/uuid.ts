// Ids that nobody gave: UUIDs of version 7 (RFC 9562), which begin with the time and so sort by it. Within one
// millisecond the last 24 bits are counted up from a random start (method 1 of section 6.2); the others stay random.
import { crypto } from "../../base/crypto.ts";

const LAST_COUNT = 0xffffff;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Random bytes are fetched for many milliseconds at a time: a call costs as much as ten ids. */
const pool = Buffer.alloc(1000);
let used = pool.length;
let lastMs = -1;
let prefix = "";
let count = 0;

export function uuidv7(now: number): string {
  if (now !== lastMs || count > LAST_COUNT) begin(now);
  const n = count++;
  return `${prefix}${HEX[n >>> 16]}${HEX[(n >>> 8) & 255]}${HEX[n & 255]}`;
}

function begin(now: number): void {
  lastMs = now;
  if (used === pool.length) {
    crypto().randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, (used += 10));
  const hex = random.toString("hex");
  const time = now.toString(16).padStart(12, "0");
  const variant = (0x8 | (random.readUInt8(0) & 0x3)).toString(16);
  prefix = `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(2, 5)}-${variant}${hex.slice(5, 8)}-${hex.slice(8, 14)}`;
  // The top bit is free at the start: a millisecond of ids fits.
  count = random.readUIntBE(7, 3) & 0x7fffff;
}
