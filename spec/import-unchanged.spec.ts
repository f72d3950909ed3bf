// Files that are as they were at the last import are not read again; and nothing is missed by that.
import { appendFileSync, cpSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { ImportProgress, ImportSource, Store } from "../lib/index.ts";
import { kindOf, linesOf, namesIn, textOf } from "../lib/importers/source.ts";
import { watchPaths } from "../lib/importers/source-watches.ts";
import { filesOf } from "./helpers/files.ts";
import { aged, imported } from "./helpers/imports.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const FIXTURES = new URL("../fixtures/import", import.meta.url).pathname;

function sourceOf(source: ImportSource): string {
  const directory = stores.unverified();
  cpSync(join(FIXTURES, source), directory, { recursive: true });
  return source === "turnlog" ? join(directory, "sessions.json") : directory;
}

test.each(["claude-code", "codex", "pi", "openclaw", "gemini-cli", "picoclaw", "messages", "turnlog"] as const)(
  "%s: what lies still is not read again, and told as it was",
  async (source) => {
    const path = sourceOf(source);
    const store = await stores.open();
    const first = await imported(store, source, path);
    expect(first.bytes).toBeGreaterThan(0);
    expect(first.read).toBe(first.bytes);
    await store.close();
    const again = await stores.open({}, store.path);
    const second = await imported(again, source, path);
    // What something was wrong with is looked at anew; and so are those that others have taken over.
    const troubled = new Set(first.problems.map((problem: any) => problem.path));
    if (troubled.size === 0 && source !== "picoclaw") expect(second.bytes).toBe(0);
    else expect(second.bytes).toBeLessThan(first.bytes);
    expect(second.problems).toEqual(first.problems);
    expect(second.sessions).toEqual(
      first.sessions.map((session: any) => ({
        ...session,
        status: session.status === "alias" ? "alias" : "unchanged",
        added: 0,
      })),
    );
  },
);

/** A log of pi with some messages. */
async function begun(into = stores.directory()): Promise<{ store: Store<any, any>; path: string; id: string }> {
  const directory = sourceOf("pi");
  const path = filesOf(directory).find((each) => each.endsWith(".jsonl"))!;
  const store = await stores.open({}, into);
  const { sessions } = await imported(store, "pi", path);
  expect((await imported(store, "pi", path)).bytes).toBe(0);
  return { store, path, id: sessions[0].id };
}

test("a source that grew, shrank, was rewritten in place, replaced or touched is read", async () => {
  const { store, path } = await begun();
  const text = readFileSync(path, "utf8");
  const lines = text.trimEnd().split("\n");
  const { atime, mtime } = statSync(path);
  const ways: [string, () => void][] = [
    [
      "grown",
      () =>
        appendFileSync(
          path,
          `${JSON.stringify({ type: "message", id: "new", parentId: null, timestamp: "2026-05-01T00:00:00Z", message: { role: "user", content: "x" } })}\n`,
        ),
    ],
    ["shorter", () => writeFileSync(path, `${lines.slice(0, 2).join("\n")}\n`)],
    [
      "in place, with its old time",
      () => {
        writeFileSync(path, text);
        utimesSync(path, atime, mtime);
      },
    ],
    [
      "replaced by a copy of the same size and time",
      () => {
        cpSync(path, `${path}.new`, { preserveTimestamps: true });
        renameSync(`${path}.new`, path);
      },
    ],
  ];
  for (const [way, change] of ways) {
    change();
    expect((await imported(store, "pi", path)).bytes, way).toBe(statSync(path).size);
    expect((await imported(store, "pi", path)).bytes, way).toBe(0);
  }
});

test("what became of the session here is seen: written to, compacted, deleted, its log lost", async () => {
  const { store, path, id } = await begun(stores.damaged());
  const all = statSync(path).size;
  await store.session(id).append({ role: "user", content: "here" });
  expect(await imported(store, "pi", path)).toMatchObject({ bytes: all, sessions: [{ status: "unchanged" }] });
  expect((await imported(store, "pi", path)).bytes).toBe(0);
  await store.session(id).update({ title: "Other" });
  await store.session(id).compact();
  expect((await imported(store, "pi", path)).bytes).toBe(all);
  await store.session(id).delete();
  expect(await imported(store, "pi", path)).toMatchObject({ bytes: all, sessions: [{ status: "deleted" }] });
  expect(await imported(store, "pi", path)).toMatchObject({ bytes: all, sessions: [{ status: "deleted" }] });
  await store.session(id).restore();
  await imported(store, "pi", path);
  await store.close();
  // A log that went, with all that it had.
  rmSync(join(store.path, "sessions"), { recursive: true });
  const lost = await stores.open({}, store.path);
  expect(await imported(lost, "pi", path)).toMatchObject({ bytes: all, sessions: [{ status: "created" }] });
});

test("a file that was written a moment ago is not believed", async () => {
  const directory = sourceOf("pi");
  const path = filesOf(directory).find((each) => each.endsWith(".jsonl"))!;
  const store = await stores.open();
  for (let times = 0; times < 2; times++) {
    writeFileSync(path, readFileSync(path));
    const seen: ImportProgress[] = [];
    await store.importFrom("pi", { path, onProgress: (at) => seen.push(at) });
    expect(seen.at(-1)?.totalBytes).toBe(statSync(path).size);
  }
});

test("the cache may be gone, torn or anything; with redact, or nothing on disk, there is none", async () => {
  const { store, path } = await begun();
  const cache = join(store.path, ".cache", "imports");
  const text = readFileSync(cache, "utf8");
  for (const content of [
    text.slice(0, -20),
    "",
    "null",
    text.replace(/"files":.*/, '"files":7}'),
    text.replaceAll("\t", " "),
    text.replace("mapping 1", "mapping 0"),
  ]) {
    writeFileSync(cache, content);
    expect(await imported(store, "pi", path)).toMatchObject({
      bytes: statSync(path).size,
      sessions: [{ status: "unchanged" }],
    });
  }
  rmSync(cache);
  expect((await imported(store, "pi", path)).bytes).toBeGreaterThan(0);
  await store.close();
  const redacting = await stores.open({ redact: (value) => value }, store.path);
  for (let times = 0; times < 2; times++) expect((await imported(redacting, "pi", path)).bytes).toBeGreaterThan(0);
});

test("what changes while an import is under way is not taken for what it had found", async () => {
  const path = join(stores.unverified(), "chats.json");
  const write = (title: string): void =>
    writeFileSync(
      path,
      JSON.stringify(
        ["a", "b"].map((id) => ({
          id,
          title: id === "b" ? title : "First",
          messages: [{ role: "user", content: id }],
        })),
      ),
    );
  write("Old");
  const store = await stores.open();
  await aged(() =>
    store.importFrom("messages", {
      path,
      onProgress: ({ sessions }) => {
        if (sessions === 1) write("New");
      },
    }),
  );
  await imported(store, "messages", path);
  expect(await store.get("b")).toMatchObject({ title: "New" });
});

test("what was read of other files than its own is no base for passing over", async () => {
  const directory = stores.unverified();
  const [own, other] = ["own.json", "other.json"].map((name) => join(directory, name)) as [string, string];
  for (const path of [own, other]) writeFileSync(path, "{}");
  const reads = watchPaths();
  textOf(own);
  expect(reads.areAmong([own])).toBe(true);
  for await (const _ of linesOf(other)) expect(reads.areAmong([own])).toBe(false);
  expect(reads.areAmong([own, other])).toBe(true);
  kindOf(join(directory, "none.json"));
  expect(reads.areAmong([own, other])).toBe(false);
  reads.end();
  const later = watchPaths();
  namesIn(directory);
  expect(later.areAmong([own, other])).toBe(false);
  later.end();
});

test("an import whose process dies does not begin anew the next time", async () => {
  const directory = stores.unverified();
  for (const name of ["a", "b", "c"])
    writeFileSync(join(directory, `${name}.json`), JSON.stringify([{ role: "user", content: name }]));
  const store = await stores.open();
  const cache = join(store.path, ".cache", "imports");
  const copy = `${cache}.copy`;
  await aged(() =>
    store.importFrom("messages", {
      path: directory,
      onProgress: ({ sessions }) => {
        if (sessions < 3) vi.setSystemTime(Date.now() + 10_000);
        else cpSync(cache, copy);
      },
    }),
  );
  // What it would have left at its last session.
  renameSync(copy, cache);
  const { bytes } = await imported(store, "messages", directory);
  expect(bytes).toBeLessThanOrEqual(statSync(join(directory, "c.json")).size);
});

test("what is known of files that are gone is forgotten with the next import", async () => {
  const { store, path } = await begun();
  const cache = (): string => readFileSync(join(store.path, ".cache", "imports"), "utf8");
  const moved = `${path.slice(0, -6)}-moved.jsonl`;
  renameSync(path, moved);
  expect((await imported(store, "pi", moved)).bytes).toBe(statSync(moved).size);
  expect(cache()).toContain(JSON.stringify(moved));
  expect(cache()).not.toContain(JSON.stringify(path));
});

test("what stands beside the files counts, too: a thread that got a name", async () => {
  const directory = sourceOf("codex");
  const store = await stores.open();
  const { sessions } = await imported(store, "codex", directory);
  expect((await imported(store, "codex", directory)).bytes).toBe(0);
  const { id } = sessions[0];
  appendFileSync(join(directory, "session_index.jsonl"), `${JSON.stringify({ id, thread_name: "A new name" })}\n`);
  await imported(store, "codex", directory);
  expect(await store.get(id)).toMatchObject({ title: "A new name" });
});

test("attachments of the messages are counted, whether they are new here or not", async () => {
  const path = join(stores.unverified(), "chat.json");
  const image = (byte: number): object => ({
    role: "user",
    content: [
      {
        type: "image_url",
        image_url: { url: `data:image/png;base64,${Buffer.alloc(40_000, byte).toString("base64")}` },
      },
    ],
  });
  writeFileSync(path, JSON.stringify([image(1), image(2), image(1), { role: "user", content: "x".repeat(50_000) }]));
  const store = await stores.open();
  for (const dryRun of [true, false, true])
    expect((await store.importFrom("messages", { path, dryRun })).sessions).toMatchObject([{ attachments: 3 }]);
  expect(filesOf(join(store.path, "blobs"))).toHaveLength(2);
  for (let times = 0; times < 2; times++)
    expect((await imported(store, "messages", path)).sessions).toMatchObject([{ status: "unchanged", attachments: 3 }]);
});

test("how far it is only grows, and ends with all bytes, of files of one session and of many", async () => {
  const directory = stores.unverified();
  const message = (n: number): object => ({
    role: n % 2 === 0 ? "user" : "assistant",
    content: `${n} ${"x".repeat(400)}`,
  });
  const all = Array.from({ length: 6000 }, (_, n) => message(n));
  const files = {
    "long.json": JSON.stringify(all),
    "lines.jsonl": all.map((each) => `${JSON.stringify(each)}\n`).join(""),
    "several.json": JSON.stringify([1, 2, 3].map((id) => ({ id: `s${id}`, messages: all.slice(0, 1500) }))),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const store = await stores.open();
  const seen: ImportProgress[] = [];
  await store.importFrom("messages", { path: directory, onProgress: (at) => seen.push(at) });
  const total = Object.values(files).reduce((sum, text) => sum + text.length, 0);
  expect(new Set(seen.map(({ totalBytes }) => totalBytes))).toEqual(new Set([total]));
  const bytes = seen.map((at) => at.bytes);
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  expect(bytes.at(-1)).toBe(total);
  expect(bytes.filter((at) => at > 0 && at < total).length).toBeGreaterThan(4);
  expect(seen.at(-1)).toMatchObject({ sessions: 5, found: 5, messages: 16_500 });
});
