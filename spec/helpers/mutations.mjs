// Takes each line that safety hangs on out of a copy of the library, one at a time, and runs the specs that should notice. One
// that none notices is an error, as is a line that is no longer there. Run by `npm run test:mutations`, with words of the names
// of those that are wanted.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Without its line a spec may never end. */
const MOST_MS = 300_000;
const ROOT = new URL("../..", import.meta.url).pathname;

/** `changes`: pairs of what stands in the file, once, and what it becomes. `specs`: the files, and `-t` words, that are run. */
const MUTATIONS = [
  {
    name: "heal: a commit after a torn end begins with a newline",
    file: "lib/log/writer.ts",
    changes: [["if (!this.log.endsClean) lines.addNewline();", ""]],
    specs: ["spec/append.spec.ts"],
  },
  {
    name: "count: a short write is no success",
    file: "lib/log/writer.ts",
    changes: [["if (count !== bytes) {", "if (count < 0) {"]],
    specs: ["spec/append.spec.ts"],
  },
  {
    name: "count of a new log's first write",
    file: "lib/disk/aside.ts",
    changes: [["if (written !== bytes) throw shortWrite();", "void written;"]],
    specs: ["spec/faults.spec.ts", "-t", "create"],
  },
  {
    name: "writer: a writer whose commit failed never writes again",
    file: "lib/store/write/commit.ts",
    changes: [["session.startAnew();", "session.forget();"]],
    specs: ["spec/faults.spec.ts", "spec/evict.spec.ts", "-t", "batch|forgotten"],
  },
  {
    name: "sync of the log before an acknowledgement",
    file: "lib/store/write/commit.ts",
    changes: [[`if (session.store.settings.durability === "power") await session.writer?.sync();`, ""]],
    specs: ["spec/faults-crash.spec.ts", "-t", "durability power"],
  },
  {
    name: "sync of a new log before it gets its name",
    file: "lib/store/write/create.ts",
    changes: [[`if (store.settings.durability === "power") await aside.file.sync();`, ""]],
    specs: ["spec/faults-crash.spec.ts", "-t", "durability power"],
  },
  {
    name: "sync of the directory of a new log",
    file: "lib/store/write/create.ts",
    changes: [["await syncUp(vfs, layout.root, [dirname(path)]);", "void syncUp;"]],
    specs: ["spec/faults-crash.spec.ts", "-t", "durability power"],
  },
  {
    name: "sync of an attachment before it gets its name",
    file: "lib/disk/blobs.ts",
    changes: [["await aside.file.sync();", ""]],
    specs: ["spec/faults-crash.spec.ts", "-t", "attachment"],
  },
  {
    name: "sync of the names of an attachment and its directories",
    file: "lib/disk/blobs.ts",
    changes: [["await this.#vfs.syncDirectory(directory);", ""]],
    specs: ["spec/faults-crash.spec.ts", "-t", "attachment"],
  },
  {
    name: "an attachment's content is what its name says",
    file: "lib/store/blobs/blob.ts",
    changes: [['if (sum.digest("hex") !== hash)', "if (sum === undefined)"]],
    specs: ["spec/blob-reads.spec.ts"],
  },
  {
    name: "an attachment that was touched between the collector's look and its move comes back",
    file: "lib/store/blobs/blob-collect.ts",
    changes: [["if (vfs.stat(away)?.mtimeMs !== stat.mtimeMs) {", "if (vfs.stat(away) === undefined) {"]],
    specs: ["spec/blob-collect.spec.ts"],
  },
  {
    name: "sync of a new store's marker",
    file: "lib/store/open.ts",
    changes: [["await marker.file.sync();", ""]],
    specs: ["spec/faults-crash.spec.ts", "-t", "a new store"],
  },
  {
    name: "sync of a new store's directories",
    file: "lib/store/open.ts",
    changes: [
      ["for (const directory of [layout.root, ...parents]) await vfs.syncDirectory(directory);", "void parents;"],
    ],
    specs: ["spec/faults-crash.spec.ts", "-t", "a new store"],
  },
  {
    name: "sync of a deletion",
    file: "lib/store/space/delete.ts",
    changes: [
      [
        `// If we crash from here on, the session is deleted; at worst its bytes are still there.
  await session.writer?.sync();`,
        "",
      ],
    ],
    specs: ["spec/faults-crash.spec.ts", "-t", "delete"],
  },
  {
    name: "sync of the trash's directory",
    file: "lib/store/space/delete.ts",
    changes: [["await store.vfs.syncDirectory(directory);", "void directory;"]],
    specs: ["spec/faults-crash.spec.ts", "-t", "delete"],
  },
  {
    name: "sync of a log that replaces another",
    file: "lib/log/replace.ts",
    changes: [["await log.sync();", ""]],
    specs: ["spec/faults-crash.spec.ts", "-t", "delete|restore"],
  },
  {
    name: "fsync: a sync that failed is not asked again",
    file: "lib/log/writer.ts",
    changes: [
      ["this.failure = ioError(", "const failure = ioError("],
      ["throw this.failure;\n    } finally", "throw failure;\n    } finally"],
    ],
    specs: ["spec/faults.spec.ts", "-t", "durability power"],
  },
  {
    name: "drain: what was appended to a log while it was replaced follows",
    file: "lib/log/replace.ts",
    changes: [["if (size <= replaced.drained) return;", "if (size >= 0) return;"]],
    specs: ["spec/delete.spec.ts", "spec/tail-order.spec.ts", "spec/damage.spec.ts"],
  },
  {
    name: "identity: a commit is acknowledged in the file that the path names",
    file: "lib/log/writer.ts",
    changes: [
      [`if (look === "same") return this.#settleKept();`, "if (look !== undefined) return this.#settleKept();"],
    ],
    specs: ["spec/log-replaced.spec.ts", "spec/append.spec.ts", "spec/compact.spec.ts"],
  },
  {
    name: "compaction: what is appended meanwhile follows",
    file: "lib/store/space/compact.ts",
    changes: [["log.copy(open.file, replaced.drained, end);", "void end;"]],
    specs: ["spec/compact.spec.ts"],
  },
  {
    name: "compaction: a new log is on the disk before it gets the name",
    file: "lib/store/space/compact.ts",
    changes: [["await log.sync();", ""]],
    specs: ["spec/faults-crash.spec.ts", "-t", "compact"],
  },
  {
    name: "compaction: the old log's second name is on the disk before a switch that takes unsynced lines along",
    file: "lib/store/space/compact.ts",
    changes: [["if (end > replaced.drained && !isSynced) return false;", ""]],
    specs: ["spec/faults-crash.spec.ts", "-t", "compact"],
  },
  {
    name: "compaction: a truncation counts when all that it follows is there",
    file: "lib/log/compaction.ts",
    changes: [
      [
        "if (run === undefined || newest === undefined || compareStamps(newest, at) < 0) return false;",
        "if (run === undefined) return false;",
      ],
    ],
    specs: ["spec/compaction.spec.ts"],
  },
  {
    name: "compaction: a writer's last line stays",
    file: "lib/log/compaction.ts",
    changes: [
      [
        "for (const line of [...lastOf.values(), ...anchors]) this.#keep(line);",
        "for (const line of anchors) this.#keep(line);",
      ],
    ],
    specs: ["spec/compaction.spec.ts"],
  },
  {
    name: "crc: a line that is not as it was written is flagged",
    file: "lib/line/decode.ts",
    changes: [["return crc32(bytes.subarray(start, body)) === written ? written : undefined;", "return written;"]],
    specs: ["spec/codec.spec.ts", "spec/damage.spec.ts"],
  },
  {
    name: "racy: what was seen within a tick of a change proves nothing",
    file: "lib/disk/fingerprint.ts",
    changes: [["return ctimeMs + tick > seenMs;", "return ctimeMs + tick < 0 * seenMs;"]],
    specs: ["spec/racy.spec.ts"],
  },
  {
    name: "batch: a commit without its end does not count",
    file: "lib/log/recovery.ts",
    changes: [["if (isUnfinished && line.type !==", "if (isUnfinished && line.batch < 0 && line.type !=="]],
    specs: ["spec/faults-crash.spec.ts", "-t", "batch"],
  },
  {
    name: "unread: what could not be read for a moment is read again",
    file: "lib/store/list/describe.ts",
    changes: [["const readAtMs = isPassing ? 0 : Date.now();", "const readAtMs = Date.now();"]],
    specs: ["spec/faults-open.spec.ts", "-t", "open, read"],
  },
];

function mutated(source, { file, changes }) {
  let text = source;
  for (const [from, to] of changes) {
    const count = text.split(from).length - 1;
    if (count !== 1) throw new Error(`${file} has this ${count} times, not once:\n${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}

/** -> true if a spec has failed */
function isNoticed(directory, mutation) {
  const path = join(directory, mutation.file);
  const source = readFileSync(path, "utf8");
  writeFileSync(path, mutated(source, mutation));
  try {
    const runner = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    const args = [runner, "run", "--config", "spec/vitest.config.ts", "--bail", "1", ...mutation.specs];
    const { status, stdout } = spawnSync(process.execPath, args, {
      cwd: directory,
      encoding: "utf8",
      timeout: MOST_MS,
    });
    // Red, and not because nothing was run or the change does not parse.
    return status !== 0 && /Tests .*\d+ failed|Worker exited unexpectedly/.test(stdout);
  } finally {
    writeFileSync(path, source);
  }
}

const wanted = MUTATIONS.filter(
  ({ name }) => process.argv.length < 3 || process.argv.slice(2).some((word) => name.includes(word)),
);
const directory = mkdtempSync(join(tmpdir(), "turnlog-mutations-"));
let missed = 0;
try {
  for (const part of ["lib", "spec", "tools", "fixtures", "dist", "package.json", "tsconfig.json"])
    cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  for (const mutation of wanted) {
    const started = performance.now();
    const noticed = isNoticed(directory, mutation);
    if (!noticed) missed++;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(`${noticed ? "noticed" : "MISSED "} ${seconds} s  ${mutation.name}\n`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.stdout.write(`${wanted.length - missed} of ${wanted.length} were noticed\n`);
process.exitCode = missed === 0 ? 0 : 1;
