// The servers that other specs run on.
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { sharedMariaDb, sharedPostgres, startMariaDb, startPostgres } from "./helpers/servers.ts";
import type { Server } from "./helpers/servers.ts";

const postgres = await sharedPostgres();
const mariadb = await sharedMariaDb();

async function inPostgres(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function inMariaDb(url: string, statement: string): Promise<unknown[]> {
  const connection = await createConnection(url.replace(/^mariadb:/, "mysql:"));
  try {
    return (await connection.query(statement))[0] as unknown[];
  } finally {
    await connection.end();
  }
}

const KINDS = [
  { name: "PostgreSQL", url: postgres, ask: sharedPostgres, start: startPostgres, run: inPostgres },
  { name: "MariaDB", url: mariadb, ask: sharedMariaDb, start: startMariaDb, run: inMariaDb },
];

describe.each(KINDS)("a server of $name", ({ url, ask, start, run }) => {
  const started: Server[] = [];
  afterAll(async () => {
    for (const server of started) await server.stop();
  });

  it.skipIf(url === undefined)("is one for all who ask", async () => {
    expect(await ask()).toBe(url);
    expect(await run(url as string, "select 1 as one")).toMatchObject([{ one: 1 }]);
  });

  it.skipIf(url === undefined)("has what was committed after a kill -9", async () => {
    const server = await start();
    started.push(server);
    await run(server.url, "create table kept (n integer)");
    await run(server.url, "insert into kept values (7)");
    await server.kill();
    await expect(run(server.url, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await server.restart();
    expect(await run(server.url, "select n from kept")).toMatchObject([{ n: 7 }]);
  });
});
