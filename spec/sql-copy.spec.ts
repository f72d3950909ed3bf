// A store moves to a database, to another one, and back: the same bytes in every log.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openStore } from "../lib/index.ts";
import type { Store } from "../lib/index.ts";
import { openSqlStore } from "../lib/sql.ts";
import { turnlog } from "./helpers/cli.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";

const PICTURE = `data:image/png;base64,${Buffer.from("picture ".repeat(10_000)).toString("base64")}`;

/** Sessions of every kind: long and short, edited, in two branches, archived, with attachments, deleted. */
async function fill(store: Store<any, any>): Promise<void> {
  for (let number = 0; number < 20; number++) {
    const session = await store.createSession({ id: `Session ${number} ✓`, title: `Title ${number} 表` });
    for (let each = 0; each < number; each++)
      await session.append({ id: `m${each}`, text: `text ${each} \u0000 \u2028 🙂` });
  }
  const edited = store.session("Session 10 ✓");
  await edited.putMessage({ id: "m2", text: "edited" });
  await edited.putPart("m3", { id: "p", text: "part" });
  await edited.checkout("m5");
  await edited.append({ id: "branch", text: "another way" });
  await store.session("Session 11 ✓").append({ id: "picture", picture: PICTURE });
  await store.session("Session 12 ✓").append({ id: "large", text: "l".repeat(3_000_000) });
  await store.session("Session 13 ✓").update({ archived: true, tags: ["a", "b"], pinned: true });
  await store.session("Session 14 ✓").delete();
  await store.session("Session 15 ✓").purge("m3");
}

/** What each log has, by where it lies; an old log that stands beside for a minute is no log of its own. */
function logsIn(directory: string): Record<string, string> {
  const logs: Record<string, string> = {};
  for (const path of readdirSync(join(directory, "sessions"), { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".jsonl")) continue;
    logs[path] = createHash("sha256")
      .update(readFileSync(join(directory, "sessions", path)))
      .digest("hex");
  }
  return logs;
}

const directories: string[] = [];

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "turnlog-copy-"));
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const all = await kinds();
const servers = all.filter(({ name }) => name === "postgres" || name === "mariadb");
const [one, two] = servers.length === 2 ? servers : all.filter(({ isByUrl }) => isByUrl);

describe("copyTo()", () => {
  const made: EmptyDatabase[] = [];
  const opened: Store<any, any>[] = [];
  const inFiles = async (path: string): Promise<Store<any, any>> => {
    const store = await openStore<any, any>(path);
    opened.push(store);
    return store;
  };
  const inDatabase = async (kind = one): Promise<Store<any, any>> => {
    const database = (await kind?.make()) as EmptyDatabase;
    made.push(database);
    const store = await openSqlStore<any, any>(database.target);
    opened.push(store);
    return store;
  };

  afterEach(async () => {
    for (const store of opened.splice(0)) {
      for await (const problem of store.verify()) throw new Error(JSON.stringify(problem));
      await store.close();
    }
    for (const database of made.splice(0)) await database.drop();
  });

  it(`brings a store from files to ${one?.name}, to ${two?.name ?? one?.name} and back with the same bytes in every log`, async () => {
    const directory = temporaryDirectory();
    // What a deletion and a purge leave beside for a minute is gone when the store has been closed and copied as files are.
    const first = await inFiles(join(directory, "first"));
    await fill(first);
    const source = await inFiles(join(directory, "source"));
    expect((await first.copyTo(source)).problems).toEqual([]);
    const database = await inDatabase(one);
    const report = await source.copyTo(database);
    expect(report.problems).toEqual([]);
    expect(report.equal.sessions).toBe(20);
    expect(report.equal.lines).toBe(report.merged.lines);
    expect(report.merged.attachments.count).toBe(1);
    const other = await inDatabase(two ?? one);
    expect((await database.copyTo(other)).equal).toEqual(report.equal);
    const back = await inFiles(join(directory, "back"));
    expect((await other.copyTo(back)).equal).toEqual(report.equal);
    expect(logsIn(join(directory, "back"))).toEqual(logsIn(join(directory, "source")));
    expect(Object.keys(logsIn(join(directory, "back"))).length).toBe(20);
    for (const store of [database, other, back]) {
      expect(await store.session("Session 10 ✓").history()).toEqual(await source.session("Session 10 ✓").history());
      expect((await store.session("Session 11 ✓").message("picture"))?.data.picture).toBe(PICTURE);
      expect(await store.get("Session 14 ✓")).toBeUndefined();
    }
  });

  it("goes on where one that was cut short has ended, and leaves alone what the other has more", async () => {
    const directory = temporaryDirectory();
    const source = await inFiles(join(directory, "source"));
    await fill(source);
    const database = await inDatabase();
    const stop = new AbortController();
    const onProgress = ({ sessions }: { sessions: number }): void => {
      if (sessions === 7) stop.abort();
    };
    await expect(source.copyTo(database, { signal: stop.signal, onProgress })).rejects.toThrow();
    expect(await database.count()).toBeLessThan(19);
    await database.session("Session 1 ✓", { create: true }).append({ id: "there", text: "written there" });
    const report = await source.copyTo(database);
    expect(report.problems).toEqual([]);
    expect(report.merged.sessions.unchanged).toBeGreaterThanOrEqual(5);
    expect(await database.count()).toBe(19);
    expect((await source.copyTo(database)).merged.lines).toBe(0);
  });

  it("and merge() unite what was written here and there", async () => {
    const directory = temporaryDirectory();
    const files = await inFiles(join(directory, "files"));
    await (await files.createSession({ id: "both" })).append({ id: "begun" });
    const database = await inDatabase();
    await files.copyTo(database);
    await database.session("both").append({ id: "there" });
    await files.session("both").append({ id: "here" });
    await files.merge(database);
    await database.merge(files);
    expect(await files.session("both").branches()).toEqual(await database.session("both").branches());
    expect((await files.session("both").branches()).map(({ id }) => id).sort()).toEqual(["here", "there"]);
    expect((await files.merge(database)).lines).toBe(0);
    await expect(database.merge(database)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("turnlog copy", () => {
  it("takes a directory and the URL of a database, in either order", async () => {
    const directory = temporaryDirectory();
    const database = (await one?.make()) as EmptyDatabase;
    const url = database.target as string;
    try {
      const store = await openStore<any, any>(join(directory, "here"));
      await (await store.createSession({ id: "one", title: "One" })).append({ id: "m", text: "said" });
      await store.close();
      const there = await turnlog(["copy", "here", url], { directory });
      expect(there).toMatchObject({ code: 0, stdout: "" });
      expect(there.stderr).toContain("1 session compared and equal, 3 lines");
      expect((await turnlog(["--store", url, "ls"], { directory })).stdout).toContain("One");
      expect((await turnlog(["--store", url, "show", "one"], { directory })).stdout).toContain("said");
      const back = await turnlog(["copy", url, "back", "--json"], { directory });
      expect(JSON.parse(back.stdout)).toMatchObject({ equal: { sessions: 1, logs: 1, lines: 3 }, problems: [] });
      expect(logsIn(join(directory, "back"))).toEqual(logsIn(join(directory, "here")));
      expect(await turnlog(["copy", "here"], { directory })).toMatchObject({ code: 2 });
      expect(await turnlog(["copy", "nowhere", "there"], { directory })).toMatchObject({ code: 1 });
      expect(await turnlog(["copy", "here", "here"], { directory })).toMatchObject({ code: 2 });
      expect(await turnlog(["--store", "oracle://x/y", "ls"], { directory })).toMatchObject({ code: 2 });
    } finally {
      await database.drop();
    }
  });
});
