// What a server refuses, or what becomes of it, is said by a code; nothing of a write that says "no" is there.
import { chmodSync, chownSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../lib/index.ts";
import { openSqlStore } from "../lib/sql.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";
import { line, put, row } from "./helpers/database-rows.ts";
import { canMount, Mount } from "./helpers/mounts.ts";
import { failedWrite, failureOf, PASSWORD, refusal, WRITTEN } from "./helpers/said.ts";
import { startMariaDb, startPostgres } from "./helpers/servers.ts";

const SERVERS = (await kinds()).filter(({ name }) => name === "postgres" || name === "mariadb");

describe.each(SERVERS)("$name", ({ name: kind, make }) => {
  let empty: EmptyDatabase;
  let url: URL;
  const users: string[] = [];
  beforeEach(async () => {
    empty = await make();
    url = new URL(typeof empty.target === "string" ? empty.target : "");
  });
  afterEach(async () => {
    for (const user of users.splice(0)) {
      if (kind === "postgres") await empty.run(`drop owned by ${user}`);
      await empty.run(`drop ${kind === "postgres" ? "role" : "user"} ${user}`);
    }
    await empty?.drop();
  });

  function at(change: Partial<Pick<URL, "username" | "password" | "pathname">>): string {
    return Object.assign(new URL(url), change).href;
  }

  /** A user who can come in, and may read what is there. -> as whom the database is reached */
  async function reader(): Promise<string> {
    const name = `turnlog_${process.pid}_${kind}`;
    const database = url.pathname.slice(1);
    const user = kind === "postgres" ? name : `'${name}'@'127.0.0.1'`;
    users.push(user);
    if (kind === "postgres") {
      await empty.run(`create role ${user} login password '${PASSWORD}'`);
      await empty.run(`grant select on all tables in schema public to ${user}`);
    } else {
      await empty.run(`create user ${user} identified by '${PASSWORD}'`);
      await empty.run(`grant select on ${database}.* to ${user}`);
    }
    return at({ username: name, password: WRITTEN });
  }

  test("a database or a user that is not there", async () => {
    expect(await refusal(at({ pathname: "/turnlog_nowhere" }))).toMatchObject({ code: "NOT_FOUND" });
    expect(await refusal(at({ username: "turnlog_nobody", password: WRITTEN }))).toMatchObject({ code: "NO_ACCESS" });
  });

  test("a user who may make no tables", async () => {
    const target = await reader();
    expect(await refusal(target)).toMatchObject({ name: "StoreError", code: "NO_ACCESS", written: "no" });
    expect(await refusal(target, { create: false })).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a user who may only read: reads, and writes nothing", async () => {
    const owner = await openSqlStore<any>(empty.target);
    const told = await owner.createSession({ id: "a" });
    await told.append({ id: "one" });
    const store = await openSqlStore<any>(await reader());
    try {
      const session = store.session("a");
      expect(await session.count()).toBe(1);
      expect(await failedWrite(() => session.append({ id: "two" }))).toMatchObject({
        code: "NO_ACCESS",
        written: "no",
      });
      expect(await failedWrite(() => store.createSession({ id: "b" }))).toMatchObject({
        code: "NO_ACCESS",
        written: "no",
      });
      await told.append({ id: "three" });
      expect((await session.page({ limit: 5 })).items.map(({ id }) => id)).toEqual(["one", "three"]);
    } finally {
      await Promise.all([store.close(), owner.close()]);
    }
  });

  test.runIf(kind === "postgres")("a server that takes no writes", async () => {
    const owner = await openSqlStore<any>(empty.target);
    const told = await owner.createSession({ id: "a" });
    await told.append({ id: "one" });
    const store = await openSqlStore<any>(`${url.href}?options=-c%20default_transaction_read_only%3Don`);
    try {
      expect(await store.session("a").count()).toBe(1);
      const failed = await failedWrite(() => store.session("a").append({ id: "two" }));
      expect(failed).toMatchObject({ code: "READ_ONLY", written: "no" });
      expect(await told.count()).toBe(1);
    } finally {
      await Promise.all([store.close(), owner.close()]);
    }
  });

  /** Ends every other connection to the database, as a server that goes would. */
  async function hangUp(): Promise<void> {
    if (kind === "postgres") {
      await empty.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
      return;
    }
    const rows = await empty.run(
      "select id from information_schema.processlist where db = database() and id <> connection_id()",
    );
    for (const { id } of rows) await empty.run(`kill ${Number(id)}`).catch(() => undefined);
  }

  test("a connection that is lost fails what it was in, and the next answer comes over another", async () => {
    const database = await empty.open();
    try {
      await put(database, row("lost"));
      const lost = await failedWrite(() =>
        database.write("lost", async (tx) => {
          await tx.update(row("lost", { changes: 1 }));
          await hangUp();
          await tx.insertLines([line(0, "never")]);
        }),
      );
      expect(lost).toMatchObject({ code: "IO", written: "no" });
      const changes = (): Promise<number> =>
        database.session("lost").then(
          (found) => found?.changes ?? -2,
          () => -1,
        );
      await expect.poll(changes).toBe(0);
      // None of the pool's idle connections takes the process with it either.
      await hangUp();
      await expect.poll(changes).toBe(0);
      const committing = await failedWrite(() =>
        database.write("lost", async (tx) => {
          await tx.update(row("lost", { changes: 2 }));
          await hangUp();
        }),
      );
      expect(committing).toMatchObject({ code: "IO", written: "unknown" });
    } finally {
      await database.close();
    }
  });

  test("a write waits for another's so long and no longer", async () => {
    const database = await empty.open();
    const hasty = await openSqlStore<any>(empty.target, { busyTimeoutMs: 300, maxConnections: 2 });
    try {
      const session = await hasty.createSession({ id: "a" });
      await database.write("a", async (tx) => {
        await tx.update({ ...(tx.session ?? row("a")), changes: 7 });
        const waiting = await failedWrite(() => session.append({ id: "one" }));
        expect(waiting).toMatchObject({ code: "SESSION_BUSY", written: "no" });
      });
      await session.append({ id: "two" });
      expect(await session.count()).toBe(1);
    } finally {
      await Promise.all([database.close(), hasty.close()]);
    }
  });

  test("a server that is killed: what is asked then fails, and what is asked of the next is answered", async () => {
    const server = kind === "postgres" ? await startPostgres() : await startMariaDb();
    let store: Store<any, any> | undefined;
    try {
      store = await openSqlStore<any>(server.url);
      const session = await store.createSession({ id: "a" });
      await session.append({ id: "one" });
      await server.kill();
      expect(await failedWrite(() => session.append({ id: "two" }))).toMatchObject({ code: "IO" });
      expect(await failureOf(() => store!.count())).toMatchObject({ name: "StoreError", code: "IO" });
      expect(await refusal(server.url)).toMatchObject({ name: "StoreError", code: "IO", written: "no" });
      await server.restart();
      const again = store;
      await expect.poll(() => again.count().catch(() => -1), { timeout: 20_000 }).toBe(1);
      await session.append({ id: "three" });
      const ids = (await session.page({ limit: 5 })).items.map(({ id }) => id);
      expect(ids.filter((id) => id !== "two")).toEqual(["one", "three"]);
    } finally {
      await store?.close();
      await server.stop();
    }
  });

  test.runIf(kind === "mariadb")("a password that is wrong", async () => {
    const right = await reader();
    const wrong = new URL(right);
    wrong.password = `${WRITTEN}x`;
    expect(await refusal(wrong.href)).toMatchObject({ name: "StoreError", code: "NO_ACCESS", written: "no" });
    expect(await refusal(right, { create: false })).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe.runIf(SERVERS.some(({ name }) => name === "postgres"))("a PostgreSQL of its own", () => {
  test("a password that is wrong, and one that is not given", async () => {
    const server = await startPostgres();
    const { Client } = await import("pg");
    const client = new Client(server.url);
    try {
      await client.connect();
      await client.query(`create role careful login superuser password '${PASSWORD}'`);
      const { rows } = await client.query<{ hba_file: string }>("show hba_file");
      const rules = "values ('host all careful all scram-sha-256'), ('host all all all trust')";
      await client.query(`copy (${rules}) to '${rows[0]!.hba_file}'`);
      await client.query("select pg_reload_conf()");
      const url = new URL(server.url);
      url.username = "careful";
      const noAccess = { name: "StoreError", code: "NO_ACCESS", written: "no" };
      for (const password of ["wrong", `${WRITTEN}x`]) {
        url.password = password;
        await expect.poll(() => refusal(url.href).catch(() => undefined)).toMatchObject(noAccess);
      }
      url.password = WRITTEN;
      await (await openSqlStore(url.href)).close();
    } finally {
      await client.end();
      await server.stop();
    }
  });

  test.runIf(canMount("tmpfs", "full disks under PostgreSQL"))(
    "a full disk is said, and what was there is still there",
    async () => {
      const server = await startPostgres();
      const mount = new Mount("tmpfs", 32 * 1024 * 1024);
      mount.mount();
      const { Client } = await import("pg");
      const client = new Client(server.url);
      let store: Store<any, any> | undefined;
      try {
        await client.connect();
        const { rows } = await client.query<{ data_directory: string }>("show data_directory");
        const { uid, gid } = statSync(rows[0]!.data_directory);
        const room = join(mount.path, "room");
        mkdirSync(room);
        chownSync(room, uid, gid);
        chmodSync(dirname(mount.path), 0o755);
        chmodSync(mount.path, 0o755);
        await client.query(`create tablespace small location '${room}'`);
        await client.query("create database small tablespace small");
        const url = new URL(server.url);
        url.pathname = "/small";
        store = await openSqlStore<any>(url.href);
        const session = await store.createSession({ id: "a" });
        await session.append({ id: "first" });
        // Texts that do not become smaller when they are packed.
        const { randomBytes } = await import("node:crypto");
        const failed = await failedWrite(async () => {
          for (let n = 0; n < 20; n++)
            await session.append({ id: `n${n}`, text: randomBytes(1_500_000).toString("hex") });
        });
        expect(failed).toMatchObject({ code: "NO_SPACE", written: "no" });
        const page = await session.page({ limit: 30 });
        expect(page.items[0]!.id).toBe("first");
        expect(page.items.length).toBeLessThan(20);
        expect(page.skipped).toBe(0);
      } finally {
        await store?.close();
        await client.end();
        await server.stop();
        mount.remove();
      }
    },
  );
});
