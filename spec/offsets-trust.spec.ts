// A sidecar is believed while it fits the logs, and only then: what was changed behind the store's back is seen.
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import { checksum } from "../lib/line/codec.ts";
import { advance, compareStamps, formatStamp, parseStamp } from "../lib/line/stamp.ts";
import { answersOf, scannedAnswersOf } from "./helpers/answers.ts";
import { ID, saved, settle, sidecarOf } from "./helpers/sidecars.ts";
import { filesIn, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const REFERENCES = ["m0", "m200", "m399", "m5", "none"];

/** The answers are those of a scan, question by question and from one store. */
async function isAnsweredAsByScan(directory: string): Promise<void> {
  for (const each of [true, false]) {
    const copy = join(stores.unverified(), "copy");
    const scanned = await scannedAnswersOf(directory, copy, ID, REFERENCES, each);
    expect(await answersOf(directory, ID, REFERENCES, each)).toEqual(scanned);
  }
}

describe("a log that was changed behind the store's back is answered as by a scan", () => {
  const onLog = (directory: string): string => onlyLog(directory);
  const changes: Record<string, (directory: string, path: string) => void> = {
    "it has grown": (_, path) => appendFileSync(path, lineAfter(path)),
    "it has grown by a torn write": (_, path) => appendFileSync(path, lineAfter(path).slice(0, 70)),
    "it has shrunk to a line's end": (_, path) => truncateSync(path, readFileSync(path).lastIndexOf(10, -2) + 1),
    "it has shrunk within a line": (_, path) => truncateSync(path, statSync(path).size - 300),
    "it has become one line": (_, path) => truncateSync(path, readFileSync(path).indexOf(10) + 1),
    "it was written anew, the same": (_, path) => writeFileSync(path, readFileSync(path)),
    "another one has its name, the same": (_, path) => {
      writeFileSync(`${path}.new`, readFileSync(path));
      renameSync(`${path}.new`, path);
    },
    "a line was changed in place, the size and the times are those of before": (_, path) => {
      const { atime, mtime } = statSync(path);
      const bytes = readFileSync(path);
      bytes.write('title":"SAVED', bytes.indexOf('title":"saved'));
      const file = openSync(path, "r+");
      writeSync(file, bytes, 0, bytes.length, 0);
      closeSync(file);
      utimesSync(path, atime, mtime);
    },
    "another file of this size and these times has its name": (_, path) => {
      const { atime, mtime } = statSync(path);
      const bytes = readFileSync(path);
      bytes.write('title":"SAVED', bytes.indexOf('title":"saved'));
      writeFileSync(`${path}.new`, bytes);
      utimesSync(`${path}.new`, atime, mtime);
      renameSync(`${path}.new`, path);
    },
    "its lines stand in another order": (_, path) => {
      const lines = readFileSync(path, "utf8").trimEnd().split("\n");
      writeFileSync(path, `${[lines[0], ...lines.slice(1).toReversed()].join("\n")}\n`);
    },
    "an older copy was restored": (_, path) => {
      const bytes = readFileSync(path);
      writeFileSync(`${path}.old-copy`, bytes.subarray(0, bytes.lastIndexOf(10, bytes.length >> 1) + 1));
      renameSync(`${path}.old-copy`, path);
    },
    "an older copy was restored, and has grown past it": (_, path) => {
      const bytes = readFileSync(path);
      const half = bytes.subarray(0, bytes.lastIndexOf(10, bytes.length >> 1) + 1);
      writeFileSync(path, half);
      while (statSync(path).size <= bytes.length) appendFileSync(path, lineAfter(path, 50_000));
    },
    "it lies in another month": (directory, path) => {
      const month = join(dirname(dirname(path)), "2020-01");
      mkdirSync(month);
      renameSync(path, join(month, basename(path)));
      expect(onLog(directory)).toContain("2020-01");
    },
    "another machine has a log of it now": (directory, path) => {
      const folder = join(directory, "sessions", "other-00000000", "2026-01");
      mkdirSync(folder, { recursive: true });
      const lines = readFileSync(path, "utf8").split("\n");
      writeFileSync(join(folder, basename(path)), `${lines[0]}\n${lineAfter(path)}`);
    },
    "an old log stands beside it": (_, path) =>
      writeFileSync(`${path}.old`, `${readFileSync(path, "utf8")}${lineAfter(path)}`),
  };
  for (const [what, change] of Object.entries(changes)) {
    test(what, async () => {
      const directory = await saved(stores.unverified());
      change(directory, onLog(directory));
      await isAnsweredAsByScan(directory);
      // And once more, with what was saved of that.
      await isAnsweredAsByScan(directory);
    });
  }

  test("a log of two that a sidecar covers is gone", async () => {
    const directory = await saved(stores.unverified());
    changes["another machine has a log of it now"]!(directory, onLog(directory));
    await settle(directory);
    await isAnsweredAsByScan(directory);
    rmSync(join(directory, "sessions", "other-00000000"), { recursive: true });
    await isAnsweredAsByScan(directory);
  });

  test("an open store sees it, too", async () => {
    for (const name of ["it has grown", "its lines stand in another order", "an older copy was restored"]) {
      const directory = await saved(stores.unverified());
      const store = await stores.open({}, directory);
      const session = store.session(ID);
      expect(await session.page({ around: "m200", limit: 2 })).toMatchObject({
        items: [{ id: "m199" }, { id: "m200" }],
      });
      changes[name]!(directory, onLog(directory));
      await sleep(1);
      const scanned = await scannedAnswersOf(directory, join(stores.unverified(), "copy"), ID, REFERENCES, true);
      expect(await session.page({ limit: 4, around: "m200" })).toEqual(scanned["around m200"]);
      expect(await session.count()).toEqual(scanned["count"]);
      expect(await session.history()).toEqual(scanned["history"]);
    }
  });
});

/** A line that a writer could have written next. */
function lineAfter(path: string, length = 10): string {
  const ats = [...readFileSync(path, "latin1").matchAll(/^\{"at":"(.{38})/gm)].map(([, at]) => parseStamp(at)!);
  const last = ats.toSorted(compareStamps).at(-1)!;
  const at = formatStamp(advance(last, 1));
  const body = `{"at":"${at}","type":"message","id":"${at}","data":{"text":"${"x".repeat(length)}"}`;
  return `${body},"crc":"${checksum(body)}"}\n`;
}

describe("a sidecar that does not fit is as good as none", () => {
  const changes: Record<string, (path: string, directory: string) => Promise<void> | void> = {
    "it is empty": (path) => writeFileSync(path, ""),
    "it is of another session": async (path, directory) => {
      const store = await openStore<any, any>(directory);
      await store.session("other", { create: true }).append({ id: "m0", text: "y".repeat(400_000) });
      await store.close();
      const other = filesIn(join(directory, ".cache", "offsets")).find((each) => each.endsWith("other"))!;
      renameSync(other, path);
    },
    "it is a directory": (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    "it is one that a newer version wrote": (path) => {
      const bytes = readFileSync(path);
      const trailer = bytes.subarray(-32);
      trailer.writeUInt32LE(trailer.readUInt32LE(20) + 1, 20);
      trailer.writeUInt32LE(crc32(trailer.subarray(0, 28)), 28);
      writeFileSync(path, bytes);
    },
    "it came with a copy of the store": (path, directory) => {
      // Another machine's answer to where the logs lie and what they hold.
      const bytes = readFileSync(path);
      rmSync(join(directory, ".cache"), { recursive: true });
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    },
    "nobody may read it": (path) => chmodSync(path, 0),
    "all of the cache is gone": (_, directory) => rmSync(join(directory, ".cache"), { recursive: true }),
    "its folder is a file": (path) => {
      rmSync(dirname(path), { recursive: true });
      writeFileSync(dirname(path), "in the way");
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    test(what, async () => {
      const directory = await saved(stores.unverified());
      await change(sidecarOf(directory)!, directory);
      await isAnsweredAsByScan(directory);
      const store = await stores.open({}, directory);
      await store.session(ID).append({ id: "goes on" });
      expect(await store.session(ID).message("goes on")).toBeDefined();
    });
  }

  test("it fits in all that can be seen, and leads to other lines: they are found all the same", async () => {
    const directory = await saved(stores.unverified());
    const path = sidecarOf(directory)!;
    const file = readFileSync(path);
    // One that believes other bytes to be these: what no file system lets happen, but a broken one.
    const forged = forge(file);
    for (const each of [true, false]) {
      writeFileSync(path, forged);
      const scanned = await scannedAnswersOf(directory, join(stores.unverified(), "copy"), ID, REFERENCES, each);
      const answers = await answersOf(directory, ID, REFERENCES, each);
      for (const name of Object.keys(scanned)) {
        // What needs no line of the log cannot know better.
        if (["count", "info", "stats"].includes(name)) continue;
        expect(answers[name], name).toEqual(scanned[name]);
      }
    }
    expect(existsSync(path) && readFileSync(path).equals(forged)).toBe(false);
  });
});

/** A sidecar whose rows lie 10 bytes further on than they do, with right checksums. */
function forge(bytes: Buffer): Buffer {
  const forged = Buffer.from(bytes);
  const trailer = forged.subarray(-32);
  const [offset, length] = [trailer.readDoubleLE(0), trailer.readUInt32LE(8)];
  const meta = forged.subarray(offset, offset + length);
  const blocks = meta.readUInt32LE(0);
  const text = JSON.parse(meta.toString("utf8", 8 + blocks * 24 + meta.readUInt32LE(4) * 8)) as { rows: number };
  for (let block = 0; block < blocks; block++) {
    const capacity = Math.ceil(Math.min(512, text.rows - block * 512) / 8) * 8;
    const own = forged.subarray(block * 512 * 45, block * 512 * 45 + capacity * 45);
    for (let row = 0; row < capacity; row++) {
      const at = capacity * 8 + row * 8;
      own.writeDoubleLE(own.readDoubleLE(at) + 10, at);
    }
    // Of the fences the checksums come last.
    meta.writeUInt32LE(crc32(own), 8 + blocks * 20 + block * 4);
  }
  trailer.writeUInt32LE(crc32(meta), 12);
  trailer.writeUInt32LE(crc32(trailer.subarray(0, 28)), 28);
  return forged;
}
