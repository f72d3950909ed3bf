// A log of any size, written as spec/format.md has it: by append() ten gigabytes would take minutes.
import fs from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { messageId } from "./contenders/contender.mjs";
import { MIXED, messages } from "./messages.mjs";

const BEGIN_MS = Date.UTC(2026, 0, 1);
const MONTH = "2026-01";
const WRITER = "benchlog";
/** So many different messages there are. */
const DIFFERENT = 2048;
const BATCH = 4_000_000;

/**
 * @param {string} folder of the machine
 * @param {string} id
 * @param {number} bytes
 * @returns {string} the id of a message in its middle
 */
export function writeLargeLog(folder, id, bytes) {
  fs.mkdirSync(join(folder, MONTH), { recursive: true, mode: 0o700 });
  const file = fs.openSync(join(folder, MONTH, `${id}.jsonl`), "wx", 0o600);
  const texts = [...messages(DIFFERENT, MIXED.mean, MIXED.sigma)].map((message) => JSON.stringify(message));
  const info = { title: id, titleSource: "auto", project: "bench" };
  let pending =
    line(`{"at":"${stamp(0, 0)}","type":"session","batch":2,"id":"${id}","data":{"format":1}`) +
    line(`{"at":"${stamp(0, 1)}","type":"info","data":${JSON.stringify(info)}`);
  let count = 0;
  for (let written = 0; written < bytes;) {
    const own = messageId(count);
    const text = texts[count % DIFFERENT] ?? "";
    pending += line(`{"at":"${stamp(++count, 0)}","type":"message","id":"${own}","data":${text}`);
    if (pending.length < BATCH && written + pending.length < bytes) continue;
    written += fs.writeSync(file, pending);
    pending = "";
  }
  fs.closeSync(file);
  return messageId(Math.floor(count / 2));
}

/**
 * @param {number} ms
 * @param {number} counter
 */
function stamp(ms, counter) {
  return `${new Date(BEGIN_MS + ms).toISOString()}-${counter.toString(16).padStart(4, "0")}-${WRITER}`;
}

/** @param {string} fields without the brace at the end */
function line(fields) {
  return `${fields},"crc":"${crc32(fields).toString(16).padStart(8, "0")}"}\n`;
}
