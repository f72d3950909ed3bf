// opencode's database comes in: while opencode writes to it, whatever columns it has, and however it was cut.
import "./helpers/in-memory.ts";
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stateOf } from "./helpers/files.ts";
import {
  changeDatabase,
  FORK,
  GONE,
  homeWith,
  importedFrom,
  KEPT,
  REVERTED,
  RunningDatabase,
  SECRET,
  statements,
  textsOf,
  WRAP,
} from "./helpers/opencode.ts";
import { filesWith, useStores } from "./helpers/stores.ts";

const stores = useStores();
const temporary = process.env["TMPDIR"];
let scratch: string;

beforeEach(() => {
  // What the import puts aside lies here while it runs, and nothing does afterwards.
  scratch = stores.unverified();
  process.env["TMPDIR"] = scratch;
});

afterEach(() => {
  if (temporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporary;
  expect(readdirSync(scratch).filter((name) => name.startsWith("turnlog-import-"))).toEqual([]);
});

test("sessions, what they are called, their parents, and rows that have lost what they belong to", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const { sessions, problems } = await store.importFrom("auto", { path: homeWith(stores.unverified()) });
  expect(problems).toEqual([]);
  expect(sessions.map(({ source, id, messages }) => [source, id, messages])).toEqual([
    ["opencode", WRAP, 8],
    ["opencode", FORK, 1],
    ["opencode", GONE, 2],
  ]);
  expect(await store.get(WRAP)).toMatchObject({
    title: "The empty spectrogram",
    project: "birdsong",
    directory: "/home/ann/birdsong",
    createdAt: "2026-08-14T11:19:35.000Z",
    metadata: { source: "opencode", version: "1.18.33" },
  });
  expect(await store.get(FORK)).toMatchObject({ title: "The empty spectrogram (fork #1)", parent: WRAP });
  expect(await textsOf(store, GONE)).toEqual(["A session without its row."]);
  expect((await store.session(GONE).history()).map(({ data }) => data.role)).toEqual(["user", "assistant"]);
  const [first, , , , , summary] = await store.session(WRAP).history();
  expect(summary!.data.type).toBe("compaction");
  const kept = first!.parts.filter(({ data }) => data.type === "record").map(({ id, data }) => [id, data.record[id]]);
  expect(Object.fromEntries(kept)).toMatchObject({
    session: {
      projectID: first!.data && kept[1]![1].id,
      tokens: { input: 40 },
      model: { id: "small-1" },
      mood: "calm",
    },
    project: { worktree: "/home/ann/birdsong", name: "Birdsong", sandboxes: [] },
    todo: [{ content: "Listen to wren.wav" }, { content: "Keep it" }],
  });
  expect(filesWith(directory, SECRET)).toEqual([]);
});

test("what is reverted is a branch until it stands again, and stays one when opencode has deleted it", async () => {
  const home = homeWith(stores.unverified());
  const path = join(home, "opencode.db");
  const store = await stores.open();
  const history = async (): Promise<string[]> => {
    await store.importFrom("opencode", { path: home });
    expect((await store.importFrom("opencode", { path: home })).sessions.map(({ status }) => status)).toEqual([
      "unchanged",
      "unchanged",
      "unchanged",
    ]);
    return await textsOf(store, WRAP);
  };
  expect(await history()).toEqual(KEPT);
  expect((await store.session(WRAP).branches()).map(({ messages }) => messages)).toEqual([6, 2]);
  changeDatabase(path, `UPDATE session SET revert = NULL WHERE id = '${WRAP}'`);
  expect(await history()).toEqual([...KEPT, ...REVERTED]);
  changeDatabase(
    path,
    `UPDATE session SET revert = '{"messageID":"msg_000001300001AskB0000000000"}' WHERE id = '${WRAP}'`,
  );
  expect(await history()).toEqual(KEPT.slice(0, 3));
  // The next prompt makes it final.
  const ms = Date.UTC(2026, 8, 5);
  const { json, id } = { json: `{"role":"user","time":{"created":${ms}}}`, id: "msg_next" };
  changeDatabase(
    path,
    `DELETE FROM part WHERE message_id IN (SELECT id FROM message WHERE session_id = '${WRAP}' AND time_created >= 1786706400000)`,
    `; DELETE FROM message WHERE session_id = '${WRAP}' AND time_created >= 1786706400000`,
    `; UPDATE session SET revert = NULL WHERE id = '${WRAP}'`,
    `; INSERT INTO message VALUES ('${id}', '${WRAP}', ${ms}, ${ms}, '${json}')`,
    `; INSERT INTO part VALUES ('prt_next', '${id}', '${WRAP}', ${ms}, ${ms}, '{"type":"text","text":"Start anew."}')`,
  );
  expect(await history()).toEqual([...KEPT.slice(0, 3), "Start anew."]);
  const all: string[] = [];
  for (const branch of await store.session(WRAP).branches()) {
    await store.session(WRAP).checkout(branch.id);
    all.push(...(await textsOf(store, WRAP)));
  }
  expect(new Set(all)).toEqual(new Set([...KEPT, ...REVERTED, "Start anew."]));
});

test("a database cut after any row grows to what it is, and an older copy of it takes nothing back", async () => {
  const lines = statements();
  const whole = await stores.open();
  const full = homeWith(stores.unverified(), lines);
  await whole.importFrom("opencode", { path: full });
  const expected = await Promise.all([WRAP, FORK, GONE].map((id) => importedFrom(whole, id)));
  const first = lines.findIndex((line) => line.startsWith("INSERT INTO session "));
  for (let cut = first + 1; cut < lines.length; cut++) {
    const store = await stores.open();
    const home = homeWith(stores.unverified(), lines.slice(0, cut));
    await store.importFrom("opencode", { path: home });
    await store.importFrom("opencode", { path: full });
    const grown = (): Promise<unknown[]> => Promise.all([WRAP, FORK, GONE].map((id) => importedFrom(store, id)));
    expect(await grown(), `cut after ${lines[cut - 1]!}`).toEqual(expected);
    await store.importFrom("opencode", { path: home });
    expect(await textsOf(store, WRAP), `went back to ${lines[cut - 1]!}`).toEqual(KEPT);
    await store.close();
  }
});

test("that opencode was in a project again is no news of its sessions, and the project is as files have it", async () => {
  const home = homeWith(stores.unverified());
  const store = await stores.open();
  await store.importFrom("opencode", { path: home });
  changeDatabase(join(home, "opencode.db"), "UPDATE project SET time_updated = time_updated + 1;");
  const { sessions } = await store.importFrom("opencode", { path: home });
  expect(sessions.map(({ status }) => status)).toEqual(["unchanged", "unchanged", "unchanged"]);
  const [first] = await store.session(WRAP).history();
  const { project } = first!.parts.find(({ id }) => id === "project")!.data.record;
  expect(project).toMatchObject({ name: "Birdsong", sandboxes: [], time: { created: 1_786_706_371_000 } });
  expect(Object.keys(project.time)).toEqual(["created"]);
});

test("a copy from before the last message neither names nor archives the session, and the newer one still does", async () => {
  const path = join(homeWith(stores.unverified()), "opencode.db");
  const old = join(homeWith(stores.unverified()), "opencode.db");
  const store = await stores.open();
  changeDatabase(
    old,
    `UPDATE session SET title = 'Old', time_archived = 1, revert = NULL, time_updated = 1786706403000 WHERE id = '${WRAP}';`,
    `DELETE FROM part WHERE message_id IN (SELECT id FROM message WHERE time_created > 1786706403000);`,
    `DELETE FROM message WHERE time_created > 1786706403000;`,
  );
  const statusOf = async (at: string): Promise<unknown> => {
    const { sessions } = await store.importFrom("opencode", { path: at });
    return sessions.find(({ id }) => id === WRAP)!.status;
  };
  expect([await statusOf(path), await statusOf(old), await statusOf(path)]).toEqual([
    "created",
    "unchanged",
    "unchanged",
  ]);
  expect(await store.get(WRAP)).toMatchObject({ title: "The empty spectrogram", archived: false });
  // The last message is removed, and then the session gets a name: that is newer, although it is shorter.
  changeDatabase(
    path,
    "DELETE FROM message WHERE id = 'msg_05ca052f0001AnsD0000000000';",
    `UPDATE session SET title = 'Birds', time_updated = 1788270000000 WHERE id = '${WRAP}';`,
  );
  expect(await statusOf(path)).toBe("grown");
  expect(await store.get(WRAP)).toMatchObject({ title: "Birds" });
});

test("a session that no message could hold what is said of it stops no other", async () => {
  const home = homeWith(stores.unverified());
  const depth = 20_000;
  changeDatabase(
    join(home, "opencode.db"),
    `UPDATE session SET metadata = '${"[".repeat(depth)}${"]".repeat(depth)}' WHERE id = '${WRAP}';`,
    `UPDATE part SET data = '{"type":"text","text":${"[".repeat(depth)}${"]".repeat(depth)}}' WHERE id = 'prt_05ca03f69001AnsC1000000000';`,
  );
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("opencode", { path: home });
  expect(sessions.map(({ id, messages }) => [id, messages])).toEqual([
    [WRAP, 8],
    [FORK, 1],
    [GONE, 2],
  ]);
  expect(problems.map(({ reason }) => reason)).toEqual([expect.stringContaining("prt_05ca03f69001AnsC1000000000")]);
  expect(await textsOf(store, WRAP)).toEqual(KEPT.slice(0, -1));
});

test("the write-ahead log of a running opencode is read, and nothing is changed, made or locked beside it", async () => {
  const home = homeWith(stores.unverified(), statements().slice(0, -6));
  const path = join(home, "opencode.db");
  const running = new RunningDatabase(path);
  running.write(...statements().slice(-6));
  chmodSync(home, 0o500);
  const before = stateOf(home);
  expect([...before.keys()]).toContain(`${path}-wal`);
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("opencode", { path: home });
  expect(problems).toEqual([]);
  expect(sessions.map(({ id, messages }) => [id, messages])).toEqual([
    [WRAP, 8],
    [FORK, 1],
    [GONE, 2],
  ]);
  expect(stateOf(home)).toEqual(before);
  chmodSync(home, 0o700);
  // It goes on writing, and nobody holds it up.
  running.write('UPDATE part SET data = \'{"type":"text","text":"Of now."}\' WHERE id LIKE \'prt_%Gone1a%\'');
  await store.importFrom("opencode", { path: home });
  expect(await textsOf(store, GONE)).toEqual(["Of now."]);
  running.close();
  expect(
    (await store.importFrom("opencode", { path: home })).sessions.every(({ status }) => status === "unchanged"),
  ).toBe(true);
});

test("while opencode writes and folds its log into the database, all that was there comes in, each message as one", async () => {
  const ms = Date.UTC(2026, 8, 10);
  const message = (session: number, number: number): string =>
    `INSERT INTO message VALUES ('msg_${session}_${1000 + number}', 'ses_${session}', ${ms + number}, 0, '{"role":"user"}');
     INSERT INTO part VALUES ('prt_${session}_${1000 + number}', 'msg_${session}_${1000 + number}', 'ses_${session}', 0, 0,
       '{"type":"text","text":"${session} says ${number} ${"x".repeat(25_000)}"}');`;
  const lines = statements().filter((line) => line.startsWith("CREATE"));
  const sessions = [...Array.from({ length: 6 }).keys()];
  for (const session of sessions) {
    lines.push(`INSERT INTO session (id, project_id, slug, directory, title, version, time_created, time_updated)
      VALUES ('ses_${session}', 'p', 's', '/', 'Session ${session}', '1', ${ms}, ${ms});`);
    for (let number = 0; number < 20; number++) lines.push(message(session, number));
  }
  const home = homeWith(stores.unverified(), lines);
  const running = new RunningDatabase(join(home, "opencode.db"));
  const store = await stores.open();
  let number = 100;
  const report = await store.importFrom("opencode", {
    path: home,
    onProgress: () => {
      // Pages move: what was in one is in another, and new rows take its place.
      running.write("UPDATE part SET data = data || '  ' WHERE id LIKE '%_1005'", "; VACUUM");
      for (const session of sessions) running.write(message(session, number++));
      running.checkpoint();
      running.write(`UPDATE part SET data = data || ' ' WHERE id LIKE '%_1003'`);
    },
  });
  expect(report.problems).toEqual([]);
  // More than its reader remembers: what it had not read yet was in pages that are others by now.
  for (const session of sessions) expect((await textsOf(store, `ses_${session}`)).length).toBeGreaterThanOrEqual(20);
  await store.importFrom("opencode", { path: home });
  running.close();
  for (const session of sessions) {
    const texts = await textsOf(store, `ses_${session}`);
    const says = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, index) => `${session} says ${from + index}`);
    const told = Array.from({ length: 6 }, (_, turn) => `${session} says ${100 + turn * 6 + session}`);
    expect(texts.map((text) => text.replace(/ x+\s*$/, ""))).toEqual([...says(0, 20), ...told]);
  }
});

test("columns that are missing are missed by nobody, and of tables of a newer engine it is told", async () => {
  const early = statements().map((line) =>
    line.startsWith("CREATE TABLE session (")
      ? "CREATE TABLE session (id text PRIMARY KEY, project_id text, parent_id text, slug text, directory text, title text, version text, time_created integer, time_updated integer);"
      : line.startsWith("INSERT INTO session ")
        ? `INSERT INTO session VALUES ('${line.includes(`('${WRAP}'`) ? WRAP : FORK}', 'p', NULL, 's', '/home/ann', 'Early', '1.2.0', 1786706375000, 1786706375000);`
        : line,
  );
  const kept = early.filter((line) => !/\b(?:todo|project|session_share|permission)\b \(/.test(line));
  const home = homeWith(stores.unverified(), [
    ...kept,
    "INSERT INTO session_message VALUES ('x', 'y', 'user', 1, '{}');",
  ]);
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("opencode", { path: join(home, "opencode.db") });
  expect(problems.map(({ reason }) => reason)).toEqual([expect.stringContaining("session_message")]);
  expect(sessions.length).toBe(3);
  expect(await store.get(WRAP)).toMatchObject({ title: "Early", directory: "/home/ann" });
  // Nothing says that it was reverted.
  expect(await textsOf(store, WRAP)).toEqual([...KEPT, ...REVERTED]);
});
