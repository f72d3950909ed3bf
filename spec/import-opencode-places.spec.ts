// Where opencode has kept sessions, side by side or one alone: files, databases of any release, what somebody else has put there.
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { turnlog } from "./helpers/cli.ts";
import { stateOf } from "./helpers/files.ts";
import {
  changeJson,
  CHILD,
  copyTree,
  FORK,
  GONE,
  homeWith,
  importedFrom,
  KEPT,
  LOST,
  makeDatabase,
  OLD,
  OPENCODE,
  RunningDatabase,
  SECRET,
  statements,
  textsOf,
  WRAP,
} from "./helpers/opencode.ts";
import { imported } from "./helpers/imports.ts";
import { filesWith, useStores } from "./helpers/stores.ts";

const stores = useStores();

test("a tree and the database that was made of it are one session each, and the one changed last says how it goes", async () => {
  const home = copyTree(stores.unverified());
  makeDatabase(join(home, "opencode.db"), statements());
  // A turn of which the database has nothing any more.
  const room = join(home, "storage/message", WRAP);
  const [pattern] = readdirSync(room);
  const lost = "msg_000001300001Lost0000000000";
  copyFileSync(join(room, String(pattern)), join(room, `${lost}.json`));
  changeJson(join(room, `${lost}.json`), (value) => ({ ...value, time: { created: 1_786_706_401_000 } }));
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("opencode", { path: home });
  expect(problems).toEqual([]);
  expect(new Set(sessions.map(({ id }) => id)).size).toBe(sessions.length);
  expect(sessions.length).toBe(6);
  expect(await textsOf(store, WRAP)).toEqual(KEPT);
  expect(await store.get(CHILD)).toMatchObject({ parent: WRAP });
  const branches = await store.session(WRAP).branches();
  expect(branches.map(({ messages }) => messages).toSorted((a, b) => a - b)).toEqual([1, 2, 6]);
  expect(
    (await store.importFrom("opencode", { path: home })).sessions.every(({ status }) => status === "unchanged"),
  ).toBe(true);
  // Somebody went back to the older version, which writes files.
  const project = readdirSync(join(home, "storage/session"))[0]!;
  changeJson(join(home, "storage/session", project, `${WRAP}.json`), (value) => ({
    ...value,
    time: { ...value.time, updated: Date.UTC(2026, 9, 1) },
  }));
  const other = await stores.open();
  await other.importFrom("opencode", { path: home });
  expect(await textsOf(other, WRAP)).toEqual(KEPT.slice(0, -1));
  // What only the file tree has is the history then.
  expect((await other.session(WRAP).history()).map(({ id }) => id)).toContain(lost);
});

test("what an export says of a session that came from the database is known, whatever order it says it in", async () => {
  const home = stores.unverified();
  makeDatabase(join(home, "opencode.db"), statements());
  const store = await stores.open();
  await store.importFrom("opencode", { path: home });
  const [{ data, parts }] = (await store.session(FORK).history()) as [any];
  const { session } = parts.find((part: any) => part.id === "session").data.record;
  const messageID = (await store.session(FORK).history())[0]!.id;
  const ids = { sessionID: FORK, messageID };
  const said = parts.filter((part: any) => part.data.type !== "record");
  const info = Object.fromEntries(Object.entries(session).toReversed());
  const message = { info: { ...data.record, id: messageID, sessionID: FORK, role: data.role } };
  const path = join(home, "export.json");
  const exported = said.map((part: any) => ({ ...part.data, ...ids, id: part.id }));
  writeFileSync(path, JSON.stringify({ info, messages: [{ ...message, parts: exported }] }, undefined, 2));
  expect((await store.importFrom("opencode", { path })).sessions).toMatchObject([{ id: FORK, status: "unchanged" }]);
});

test("the database of three tables that was proposed once: whole records in one column", async () => {
  const tree = join(copyTree(stores.unverified()), "storage");
  const rows: string[] = [
    "CREATE TABLE storage (key text PRIMARY KEY, value text NOT NULL, created_at integer, updated_at integer);",
    "CREATE TABLE sessions (id text PRIMARY KEY, project_id text, parent_id text, title text, directory text, version text, created_at integer, updated_at integer, archived_at integer, data text NOT NULL);",
    "CREATE TABLE messages (id text PRIMARY KEY, session_id text, role text, created_at integer, data text NOT NULL);",
    "CREATE TABLE parts (id text PRIMARY KEY, message_id text, type text, created_at integer, data text NOT NULL);",
    "CREATE INDEX by_session ON messages (session_id, id DESC); CREATE INDEX by_message ON parts (message_id, id);",
    "PRAGMA user_version = 1;",
    // Its record is torn.
    `INSERT INTO sessions VALUES ('${FORK}', 'p', '${WRAP}', 'Torn', '/home/ann/birdsong', '1.1.60', 1786706410000, 1786706420000, 1786706430000, '{"id":');`,
  ];
  const read = (path: string): any => JSON.parse(readFileSync(path, "utf8"));
  const quoted = (value: object): string => `'${JSON.stringify(value).replaceAll("'", "''")}'`;
  const projectID = readdirSync(join(tree, "session"))[0]!;
  const session = { ...read(join(tree, "session", projectID, `${WRAP}.json`)), projectID };
  const { title, directory: at, version, time } = session;
  rows.push(
    `INSERT INTO sessions VALUES ('${WRAP}', 'p', NULL, '${title}', '${at}', '${version}', ${time.created}, ${time.updated}, NULL, ${quoted(session)});`,
  );
  for (const name of readdirSync(join(tree, "message", WRAP))) {
    const message = read(join(tree, "message", WRAP, name));
    const { created } = message.time;
    rows.push(`INSERT INTO messages VALUES ('${message.id}', '${WRAP}', 'r', ${created}, ${quoted(message)});`);
    for (const file of readdirSync(join(tree, "part", message.id))) {
      const part = read(join(tree, "part", message.id, file));
      rows.push(`INSERT INTO parts VALUES ('${part.id}', '${message.id}', '${part.type}', 1, ${quoted(part)});`);
    }
  }
  const [orphan] = readdirSync(join(tree, "message", LOST));
  const lost = read(join(tree, "message", LOST, orphan!));
  rows.push(`INSERT INTO messages VALUES ('${lost.id}', '${LOST}', 'user', ${lost.time.created}, ${quoted(lost)});`);
  const directory = stores.directory();
  const home = join(stores.unverified(), "storage");
  mkdirSync(home);
  makeDatabase(join(home, "opencode.sqlite"), rows);
  const store = await stores.open({}, directory);
  const { sessions, problems } = await store.importFrom("auto", { path: home });
  expect([problems, sessions.map(({ id, messages }) => [id, messages])]).toEqual([
    [],
    [
      [WRAP, 4],
      [FORK, 0],
      [LOST, 1],
    ],
  ]);
  expect(await textsOf(store, WRAP)).toEqual(KEPT.slice(0, -1));
  expect(await store.get(WRAP)).toMatchObject({ title: "The empty spectrogram", directory: "/home/ann/birdsong" });
  expect(await store.get(FORK)).toMatchObject({ title: "Torn", parent: WRAP, archived: true });
  expect(await store.get(LOST)).toMatchObject({ createdAt: new Date(lost.time.created).toISOString() });
  expect(filesWith(directory, SECRET)).toEqual([]);
  // It stood beside the files, and what these have more of is theirs.
  cpSync(home, tree, { recursive: true });
  const both = await stores.open();
  expect((await both.importFrom("opencode", { path: tree })).problems).toEqual([]);
  const before = await importedFrom(both, WRAP);
  const files = await stores.open();
  await files.importFrom("opencode", { path: join(OPENCODE, "files/opencode/storage") });
  expect(before).toEqual(await importedFrom(files, WRAP));
});

test("a database that is damaged, or is another's, is told of, and what else is there comes in", async () => {
  const home = copyTree(stores.unverified());
  writeFileSync(join(home, "opencode-beta.db"), "SQLite format 3\0 and nothing more of one".padEnd(5000, "x"));
  makeDatabase(join(home, "opencode-other.db"), ["CREATE TABLE birds (id text)"]);
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("opencode", { path: home });
  expect(problems.map(({ path }) => path)).toEqual([join(home, "opencode-beta.db"), join(home, "opencode-other.db")]);
  expect(sessions.length).toBe(4);
});

test("opencode's own directory is found, with databases of its channels and the one that the environment names", async () => {
  const data = stores.unverified();
  const home = copyTree(data);
  const rows = statements().filter((line) => !/ VALUES \('(?:ses_f9|msg_0[46]|prt_0[46])/.test(line));
  makeDatabase(join(home, "opencode-dev.db"), rows);
  const own = join(stores.unverified(), "elsewhere.db");
  makeDatabase(own, statements());
  const importWith = async (variables: Record<string, string>): Promise<string[]> => {
    const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, variables);
    try {
      const store = await stores.open();
      const { sessions, problems } = await store.importFrom("opencode");
      expect(problems).toEqual([]);
      return sessions.filter(({ messages }) => messages > 0).map(({ id }) => id);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  };
  expect(await importWith({ XDG_DATA_HOME: data, OPENCODE_DB: "" })).toEqual([OLD, WRAP, CHILD, LOST]);
  expect(await importWith({ XDG_DATA_HOME: data, OPENCODE_DB: own })).toEqual([OLD, WRAP, CHILD, LOST, FORK, GONE]);
  expect(await importWith({ XDG_DATA_HOME: join(data, "none"), OPENCODE_DB: own })).toEqual([WRAP, FORK, GONE]);
});

test("a database that a link leads to is read with the log that lies beside it, not beside the link", async () => {
  const [home, elsewhere] = [stores.unverified(), stores.unverified()];
  const running = new RunningDatabase(join(elsewhere, "data.db"));
  running.write(...statements());
  symlinkSync(join(elsewhere, "data.db"), join(home, "opencode.db"));
  const store = await stores.open();
  const { sessions, problems } = await store.importFrom("auto", { path: home });
  running.close();
  expect([problems, sessions.map(({ id }) => id)]).toEqual([[], [WRAP, FORK, GONE]]);
});

/** Node as it is where this package is not installed, or nothing that reads SQLite is there. */
function nodeWithout(...what: ("package" | "node")[]): Record<string, string> {
  const hooks = `export async function resolve(name, context, next) {
    if (name === "node-sqlite3-wasm") throw new Error("it is not installed");
    return next(name, context);
  }`;
  const lines = [
    ...(what.includes("package")
      ? [`import { register } from "node:module"; register("data:text/javascript,${encodeURIComponent(hooks)}");`]
      : []),
    ...(what.includes("node")
      ? [
          "const { getBuiltinModule } = process;",
          'process.getBuiltinModule = (name) => (name === "node:sqlite" ? undefined : getBuiltinModule(name));',
        ]
      : []),
  ];
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(lines.join("\n"))}` };
}

test("where nothing can read the database that is told, and what lies beside it comes in", async () => {
  const home = copyTree(stores.unverified());
  const path = join(home, "opencode.db");
  makeDatabase(path, statements());
  const args = ["--store", join(stores.directory(), "store"), "import", home];
  const { code, stdout, stderr } = await turnlog(args, { env: nodeWithout("package", "node") });
  expect([code, stdout.split("\n").length]).toEqual([1, 5]);
  expect(stderr).toBe(
    `turnlog: ${path}: a SQLite database, which takes the package node-sqlite3-wasm or Node 22.15\n4 created; 10 messages added\n`,
  );
});

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

test.runIf(major > 23 || (major === 22 && minor >= 15))(
  "Node's own SQLite reads the same, and warns of nothing",
  async () => {
    const home = join(stores.unverified(), "opencode");
    mkdirSync(home);
    const running = new RunningDatabase(join(home, "opencode.db"));
    running.write(...statements());
    const before = stateOf(home);
    const directory = join(stores.directory(), "store");
    const env = nodeWithout("package");
    const first = await turnlog(["--store", directory, "import", home], { env });
    expect([first.code, first.stderr]).toEqual([0, "3 created; 11 messages added\n"]);
    expect(stateOf(home)).toEqual(before);
    running.close();
    const closed = stateOf(home);
    const again = await turnlog(["--store", directory, "import", home], { env });
    expect([again.code, again.stderr]).toEqual([0, "3 unchanged; 0 messages added\n"]);
    expect(stateOf(home)).toEqual(closed);
    const other = await turnlog(["--store", directory, "import", home]);
    expect([other.code, other.stderr]).toEqual([0, "3 unchanged; 0 messages added\n"]);
  },
);

test("opencode's database is not read again, until something is committed to it, or to what lies beside it", async () => {
  const home = homeWith(stores.unverified());
  const store = await stores.open();
  expect((await imported(store, "opencode", home)).bytes).toBeGreaterThan(0);
  expect((await imported(store, "opencode", home)).bytes).toBe(0);
  const running = new RunningDatabase(join(home, "opencode.db"));
  try {
    running.write("UPDATE session SET title = 'Renamed' WHERE title LIKE '%fork%'");
    const { sessions } = await imported(store, "opencode", home);
    expect(sessions.map(({ status }: any) => status)).toEqual(["unchanged", "grown", "unchanged"]);
    expect((await imported(store, "opencode", home)).bytes).toBe(0);
  } finally {
    running.close();
  }
  // What was beside it is in it now.
  expect((await imported(store, "opencode", home)).bytes).toBeGreaterThan(0);
});
