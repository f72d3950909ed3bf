// opencode's file tree comes in, in both of its layouts, and what `opencode export` writes.
import "./helpers/in-memory.ts";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { filesOf, stateOf } from "./helpers/files.ts";
import { everyEntry, importedOf } from "./helpers/imports.ts";
import {
  changeJson,
  CHILD,
  copyTree,
  importedFrom,
  LOST,
  OLD,
  OPENCODE,
  SECRET,
  SENT,
  WRAP,
} from "./helpers/opencode.ts";
import { filesWith, useStores } from "./helpers/stores.ts";

const stores = useStores();
const TREE = join(OPENCODE, "files");
const STORAGE = join(TREE, "opencode", "storage");
const PROJECT = "3f1c0de5a1b2c3d4e5f60718293a4b5c6d7e8f90";
const read = (path: string): any => JSON.parse(readFileSync(path, "utf8"));
const nameOf = (path: string): string => basename(path, ".json");

test("every session of both layouts comes in, with its title, directory, parent and times", async () => {
  const store = await stores.open();
  const { source, sessions, problems } = await store.importFrom("auto", { path: TREE });
  expect([source, problems]).toEqual(["opencode", []]);
  expect(sessions.map(({ id, status, messages, added }) => [id, status, messages, added])).toEqual([
    [OLD, "created", 2, 2],
    [WRAP, "created", 4, 4],
    [CHILD, "created", 2, 2],
    [LOST, "created", 2, 2],
  ]);
  expect(await store.get(WRAP)).toMatchObject({
    title: "The empty spectrogram",
    titleSource: "auto",
    directory: "/home/ann/birdsong",
    project: "birdsong",
    createdAt: "2026-08-14T11:19:35.000Z",
    updatedAt: "2026-08-14T11:20:40.000Z",
    archived: false,
    metadata: { source: "opencode", version: "1.1.60" },
  });
  // What opencode calls a session that has no name is no title: what was asked is one.
  expect(await store.get(CHILD)).toMatchObject({ title: "Look for other silent files", parent: WRAP, archived: true });
  expect(await store.get(OLD)).toMatchObject({ title: "List the birds", createdAt: "2025-06-20T07:00:00.000Z" });
});

test("messages and their parts are in the order of time, also where the ids began anew within an answer", async () => {
  const store = await stores.open();
  await store.importFrom("opencode", { path: TREE });
  const history = await store.session(WRAP).history();
  const ids = history.map(({ id }) => id);
  expect(ids.map((id) => id.slice(16, 20))).toEqual(["AskA", "AnsA", "AskB", "AnsB"]);
  expect(ids.toSorted()).not.toEqual(ids);
  const parts = history[1]!.parts.map(({ id }) => id);
  expect(parts.map((id) => id.slice(16, 21))).toEqual(["AnsA1", "AnsA2", "AnsA3", "AnsA4", "AnsA5", "AnsA6"]);
  expect(parts.toSorted()).not.toEqual(parts);
  expect(history.map(({ at }) => at.slice(11, 23))).toEqual([
    "11:19:40.000",
    "11:19:42.000",
    "11:20:00.000",
    "11:20:02.000",
  ]);
});

test("every record is there word for word, and nothing that opens a share or an account", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  await store.importFrom("opencode", { path: TREE });
  for (const id of [WRAP, CHILD, LOST, OLD]) {
    const room = id === OLD ? join(TREE, "opencode/project/home-ann-old/storage/session") : STORAGE;
    for (const [name, { data, parts }] of await everyEntry(store.session(id))) {
      const path = join(room, "message", id, `${name}.json`);
      const isLost = name.includes("Lost2");
      const { id: _id, sessionID: _session, ...message } = isLost ? {} : read(path);
      if (!isLost) expect({ role: data.role, ...data.record }).toEqual(message);
      const files = filesOf(join(room, "part", ...(id === OLD ? [id] : []), name));
      const said = files.map(read).map(({ id: _part, sessionID: _of, messageID: _in, ...part }) => part);
      const given = parts.filter(({ type }) => type !== "record" && type !== "error");
      expect(given.map((part) => JSON.stringify(part)).toSorted()).toEqual(
        said.map((part) => JSON.stringify(part)).toSorted(),
      );
    }
  }
  const [first] = await store.session(WRAP).history();
  const kept = first!.parts.filter(({ data }) => data.type === "record").map(({ id, data }) => [id, data.record[id]]);
  const { share: _share, ...session } = read(join(STORAGE, "session", PROJECT, `${WRAP}.json`));
  const { time, ...project } = read(join(STORAGE, "project", `${PROJECT}.json`));
  expect(Object.fromEntries(kept)).toEqual({
    // The directory says which project it is.
    session: { ...session, projectID: PROJECT },
    // When opencode was last there says nothing of the session.
    project: { ...project, time: { created: time.created } },
    todo: read(join(STORAGE, "todo", `${WRAP}.json`)),
    session_diff: read(join(STORAGE, "session_diff", `${WRAP}.json`)),
  });
  expect(filesWith(directory, SECRET)).toEqual([]);
});

test("messages without their session and parts without their message are not lost", async () => {
  const store = await stores.open();
  await store.importFrom("opencode", { path: TREE });
  const history = await store.session(LOST).history();
  expect(history.map(({ data, parts }) => [data.role, parts.map((part) => part.data.text)])).toEqual([
    ["user", ["Whose session is this?"]],
    ["assistant", [undefined, "Nobody knows."]],
  ]);
  expect(await store.get(LOST)).toMatchObject({
    title: "Whose session is this?",
    createdAt: "2026-08-25T12:00:00.010Z",
  });
});

test("a second import adds nothing, and the source stays as it is, byte for byte", async () => {
  const home = copyTree(stores.unverified());
  const before = stateOf(home);
  const store = await stores.open();
  await store.importFrom("opencode", { path: home });
  const imported = await importedOf(store, WRAP);
  const { sessions } = await store.importFrom("opencode", { path: home });
  expect(sessions.map(({ status, added }) => [status, added])).toEqual(sessions.map(() => ["unchanged", 0]));
  expect(await importedOf(store, WRAP)).toEqual(imported);
  expect(stateOf(home)).toEqual(before);
});

test("a tree that was cut after any file grows to what it is, and one that has lost files loses nothing here", async () => {
  const home = stores.unverified();
  const files = filesOf(join(STORAGE)).filter((path) => ["session", "message", "part"].includes(roomOf(path)));
  // As opencode wrote them.
  const messages = ["Wrap", "Child", "AskA", "AnsA", "AskB", "AnsB", "Kid1", "Kid2", "Lost1", "Lost2"];
  const order = (path: string): string => {
    const name = nameOf(path).slice(16);
    const number = messages.findIndex((message) => name.includes(message));
    return `${String(number).padStart(2, "0")} ${roomOf(path) === "part" ? name : ""}`;
  };
  const sorted = files.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  const put = (count: number): void => {
    rmSync(join(home, "storage"), { recursive: true, force: true });
    for (const room of ["project", "todo", "session_diff"])
      cpSync(join(STORAGE, room), join(home, "storage", room), { recursive: true });
    for (const path of sorted.slice(0, count)) {
      const to = join(home, "storage", relative(STORAGE, path));
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(path, to);
    }
  };
  const whole = await stores.open();
  put(sorted.length);
  await whole.importFrom("opencode", { path: home });
  const expected = await Promise.all([WRAP, CHILD, LOST].map((id) => importedFrom(whole, id)));
  for (let count = 1; count < sorted.length; count++) {
    const store = await stores.open({ durability: "process" });
    put(count);
    await store.importFrom("opencode", { path: home });
    put(sorted.length);
    await store.importFrom("opencode", { path: home });
    const grown = await Promise.all([WRAP, CHILD, LOST].map((id) => importedFrom(store, id)));
    expect(grown, `cut after ${sorted[count - 1]!}`).toEqual(expected);
    const { sessions } = await store.importFrom("opencode", { path: home });
    expect(sessions.every(({ status }) => status === "unchanged")).toBe(true);
    put(count);
    await store.importFrom("opencode", { path: home });
    const { history } = await importedFrom(store, WRAP);
    expect(history, `shrunk to ${sorted[count - 1]!}`).toEqual(expected[0]!.history);
    await store.close();
  }
});

test("a file that is torn is told of, all else comes in, and what it says comes when it is whole", async () => {
  const home = copyTree(stores.unverified());
  const message = filesOf(join(home, "storage/message", WRAP)).find((path) => path.includes("AnsA"))!;
  const part = filesOf(join(home, "storage/part")).find((path) => path.includes("AnsA5"))!;
  const texts = new Map([message, part].map((path) => [path, readFileSync(path, "utf8")]));
  for (const [path, text] of texts) writeFileSync(path, text.slice(0, 40));
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("opencode", { path: home });
  expect(new Set(problems.map(({ path }) => path))).toEqual(new Set([message, part]));
  expect(sessions.find(({ id }) => id === WRAP)).toMatchObject({ messages: 4, added: 4 });
  const [, torn] = await store.session(WRAP).history();
  expect([torn!.data.role, torn!.data.record]).toEqual(["assistant", {}]);
  for (const [path, text] of texts) writeFileSync(path, text);
  await store.importFrom("opencode", { path: home });
  const [, healed] = await store.session(WRAP).history();
  expect(healed!.data).toMatchObject({ role: "assistant", model: "small-1", record: { finish: "tool-calls" } });
  expect(healed!.parts.map(({ data }) => data.text)).toContain("The recording is silent: 静かです 🐦.");
});

test("what opencode changes in place becomes a newer version, and an older copy of it does not", async () => {
  const home = copyTree(stores.unverified());
  const part = filesOf(join(home, "storage/part")).find((path) => path.includes("AnsA3"))!;
  const whole = readFileSync(part, "utf8");
  changeJson(part, (value) => ({
    ...value,
    state: { status: "running", input: value.state.input, time: { start: 1 } },
  }));
  const running = readFileSync(part, "utf8");
  const store = await stores.open();
  const resultOf = async (): Promise<unknown> => {
    await store.importFrom("opencode", { path: home });
    const [, answer] = await store.session(WRAP).history();
    return answer!.parts.find(({ id }) => id === nameOf(part))!.data.state.status;
  };
  expect(await resultOf()).toBe("running");
  writeFileSync(part, whole);
  expect(await resultOf()).toBe("completed");
  writeFileSync(part, running);
  expect(await resultOf()).toBe("completed");
});

test("an export is one session, wherever it lies, and one that is cut tells so", async () => {
  const path = join(OPENCODE, "exports", "export.json");
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  expect((await store.importFrom("auto", { path: join(OPENCODE, "exports") })).sessions).toMatchObject([
    { source: "opencode", id: SENT, status: "created", messages: 2, added: 2 },
  ]);
  expect(await store.get(SENT)).toMatchObject({ title: "Sent by a friend", directory: "/home/ben", project: "ben" });
  const history = await store.session(SENT).history();
  expect(history.map(({ parts }) => parts[0]!.data.text)).toEqual(["What sings here?", "A wren."]);
  expect((await store.importFrom("opencode", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
  expect(filesWith(directory, SECRET)).toEqual([]);
  const cut = join(stores.unverified(), "cut.json");
  writeFileSync(cut, `\uFEFF${readFileSync(path, "utf8").slice(0, -300)}`);
  const other = await stores.open();
  const { sessions, problems } = await other.importFrom("auto", { path: cut });
  expect([sessions[0]!.added, problems.map((problem) => problem.path)]).toEqual([1, [cut]]);
});

function roomOf(path: string): string {
  return relative(STORAGE, path).split("/")[0]!;
}
