// What can be wrong with a database is said plainly, by a code, and without a password.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { storeError } from "../lib/sql/database/errors.ts";
import { openSqlStore } from "../lib/sql.ts";
import type { Store } from "../lib/index.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";
import { canMount, Mount } from "./helpers/mounts.ts";
import { failedWrite, refusal, shown, WRITTEN } from "./helpers/said.ts";

describe("a target that is none", () => {
  test.each([
    "",
    "nothing",
    `oracle://u:${WRITTEN}@h/d`,
    `postgres://u:${WRITTEN}@h:port/d`,
    `postgres://u:${WRITTEN}@[/d`,
    `mysql://u:${WRITTEN}%@h/d`,
    `mysql://u:${WRITTEN}@h`,
    "sqlite:",
    {},
    { url: 1 },
    { url: `postgres://u:${WRITTEN}@h:port/d` },
    { oracle: {} },
    { postgres: {} },
    { mysql: { connect: 1 } },
    { sqlite: "a.sqlite" },
    { mssql: {} },
    null,
    undefined,
  ])("%j", async (target) => {
    expect(await refusal(target)).toMatchObject({ name: "TypeError", code: "INVALID_ARGUMENT" });
  });

  test.each([{ statementTimeoutMs: "1; drop" }, { statementTimeoutMs: -1 }, { maxConnections: 0 }, { lease: 1 }])(
    "nor are options: %j",
    async (options) => {
      expect(await refusal("sqlite::memory:", options as object)).toMatchObject({
        name: "TypeError",
        code: expect.stringMatching(/^(INVALID_ARGUMENT|UNKNOWN_OPTION)$/) as string,
      });
    },
  );
});

test.each(["postgres", "mysql", "mssql"])("%s: a server that is not there, or hangs up", async (scheme) => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `${scheme}://user:${WRITTEN}@127.0.0.1:${port}/d?password=${WRITTEN}`;
  const place = `${scheme}://127.0.0.1:${port}/d`;
  const failure = { name: "StoreError", code: "IO", written: "no" };
  expect(await refusal(url)).toMatchObject({ ...failure, message: expect.stringContaining(place) as string });
  await new Promise((resolve) => server.close(resolve));
  expect(await refusal(url)).toMatchObject({
    ...failure,
    message: expect.stringMatching(/REFUSED|could not connect/i) as string,
  });
  expect(await refusal(`${scheme}://user:${WRITTEN}@turnlog.invalid/d`)).toMatchObject(failure);
});

describe("what a driver says", () => {
  const at = { dialect: "mysql", place: "mysql://h/d", secrets: ["s3cret"] } as const;

  test("is kept without statements, texts, and secrets", () => {
    const error = Object.assign(new Error("no s3cret"), { code: "ER_X", errno: 1, sql: "insert 'private'" });
    const typed = storeError(at, error, "read", "unknown");
    expect(typed).toMatchObject({ code: "IO", written: "unknown", message: "could not read in mysql://h/d: no ***" });
    expect(shown(typed)).not.toMatch(/s3cret|private/);
  });

  test.each([
    ["postgres", { code: "53100" }, "NO_SPACE"],
    ["postgres", { code: "25006" }, "READ_ONLY"],
    ["postgres", { code: "57P01" }, "IO"],
    ["mysql", { errno: 1114 }, "NO_SPACE"],
    ["mysql", { errno: 1030, message: "Got error 28 from storage engine" }, "NO_SPACE"],
    ["mysql", { errno: 1290 }, "READ_ONLY"],
    ["mysql", { code: "PROTOCOL_CONNECTION_LOST" }, "IO"],
    ["mssql", { number: 9002 }, "NO_SPACE"],
    ["mssql", { code: "ELOGIN" }, "NO_ACCESS"],
    ["mssql", [{ number: 3906 }, { number: 3621 }], "READ_ONLY"],
    ["sqlite", { message: "database or disk is full" }, "NO_SPACE"],
    ["sqlite", { message: "attempt to write a readonly database" }, "READ_ONLY"],
  ] as const)("%s %j is %s", (dialect, error, code) => {
    expect(storeError({ ...at, dialect }, error, "write")).toMatchObject({ code });
  });
});

describe.each(await kinds())("$name", ({ make }) => {
  let empty: EmptyDatabase;
  let store: Store<any, any> | undefined;
  beforeEach(async () => void (empty = await make()));
  afterEach(async () => {
    await store?.close();
    store = undefined;
    await empty?.drop();
  });

  test("an empty database is no store, and is not made one", async () => {
    for (let n = 0; n < 2; n++) {
      expect(await refusal(empty.target, { create: false })).toMatchObject({
        name: "StoreError",
        code: "NOT_FOUND",
      });
    }
  });

  test.each(["session", "line", "store"])("another's table %s is left alone", async (table) => {
    await empty.run(`create table "${table}" (sid varchar(10), data varchar(10))`);
    await empty.run(`insert into "${table}" values ('a', 'b')`);
    for (const create of [true, false]) {
      // Who makes none does not look at what else is there.
      const code = create || table === "store" ? "NOT_A_STORE" : "NOT_FOUND";
      expect(await refusal(empty.target, { create })).toMatchObject({ name: "StoreError", code });
    }
    expect(await empty.run(`select * from "${table}"`)).toEqual([{ sid: "a", data: "b" }]);
  });

  test("a newer format is refused, and left alone", async () => {
    store = await openSqlStore(empty.target);
    await store.createSession({ id: "a" });
    await store.close();
    await empty.run("update store set format = 2");
    for (const create of [true, false])
      expect(await refusal(empty.target, { create })).toMatchObject({ name: "StoreError", code: "NEWER_FORMAT" });
    await empty.run("update store set format = 1");
    store = await openSqlStore(empty.target, { create: false });
    expect(await store.get("a")).toBeDefined();
  });

  test("a store that is closed says so", async () => {
    store = await openSqlStore(empty.target);
    const session = await store.createSession({ id: "a" });
    await store.close();
    await expect(session.append({ text: "late" })).rejects.toMatchObject({ name: "StoreError", code: "CLOSED" });
    await expect(store.count()).rejects.toMatchObject({ name: "StoreError", code: "CLOSED" });
    await expect(store.get("a")).rejects.toMatchObject({ name: "StoreError", code: "CLOSED" });
  });

  test("tables that go while a store is open fail what is asked then, and what is written", async () => {
    store = await openSqlStore(empty.target);
    const session = await store.createSession({ id: "a" });
    await empty.run('drop table "line"');
    expect(await failedWrite(() => session.append({ text: "nowhere" }))).toMatchObject({
      code: "NOT_A_STORE",
      written: "no",
    });
  });
});

describe("sqlite files", () => {
  const directory = mkdtempSync(join(tmpdir(), "turnlog-sqlite-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  test("only the owner can read a file that was made, and none is made where none may be", async () => {
    const path = join(directory, "made.sqlite");
    expect(await refusal(`sqlite:${path}`, { create: false })).toMatchObject({ code: "NOT_FOUND" });
    const store = await openSqlStore(`sqlite:${path}`);
    await store.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await refusal(`sqlite:${join(directory, "none", "a.sqlite")}`)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refusal(`sqlite:${directory}`)).toMatchObject({ code: "NOT_A_STORE" });
  });

  test("a file of something else is left as it is", async () => {
    const path = join(directory, "other.txt");
    writeFileSync(path, "not a database at all, but long enough to be read as one\n".repeat(100));
    expect(await refusal(`sqlite:${path}`)).toMatchObject({ code: "NOT_A_STORE" });
  });

  test.runIf(canMount("tmpfs", "full disks under SQLite"))(
    "a full disk is said, and what was there is still there",
    async () => {
      const mount = new Mount("tmpfs", 2 * 1024 * 1024);
      mount.mount();
      try {
        const store = await openSqlStore<any>(`sqlite:${join(mount.path, "a.sqlite")}`);
        const session = await store.createSession({ id: "a" });
        await session.append({ id: "first", text: "there" });
        const failure = await failedWrite(() => session.append({ id: "large", text: "x y ".repeat(1_000_000) }));
        expect(failure).toMatchObject({ code: "NO_SPACE", written: "no" });
        const ids: string[] = [];
        for await (const id of session.messageIds()) ids.push(id);
        expect(ids).toEqual(["first"]);
        await session.append({ id: "small", text: "it goes on" });
        expect(await session.count()).toBe(2);
        await store.close();
      } finally {
        mount.remove();
      }
    },
  );
});
