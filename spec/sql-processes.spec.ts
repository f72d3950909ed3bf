// Many processes that append to one store in a database lose nothing, double nothing, and keep each one's order; and all who read see
// one history.
import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { openSqlStore } from "../lib/sql.ts";
import { append, judge } from "./helpers/appenders.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";
import { output, run } from "./helpers/processes.ts";

const IS_LONG = Boolean(process.env["TURNLOG_LONG"]);
const LINES = IS_LONG ? 10_000 : 500;
/** SQLite in WebAssembly has one connection at a time to its file, and waits for the disk with each commit. */
const SQLITE_LINES = IS_LONG ? 500 : 50;
/** All of them want one session: a write waits for seven others. */
const STORE = { busyTimeoutMs: 120_000 };
const PROCESSES = 8;
const READERS = 3;
const SQL = new URL("../dist/lib/sql.js", import.meta.url).href;

/** Prints, for each session, how many messages it has and a hash over their ids, stamps and data, in order. */
const READER = `
  const [target, sessions, options, sql] = args;
  const { createHash } = await import("node:crypto");
  const store = await (await import(sql)).openSqlStore(target, options);
  for (let k = 0; k < sessions; k++) {
    const hash = createHash("sha256");
    let count = 0;
    for await (const { id, at, data } of store.session("s" + k).messages()) {
      hash.update(JSON.stringify([id, at, data]));
      count++;
    }
    say(count + " " + hash.digest("hex"));
  }
  await store.close();`;

const made: EmptyDatabase[] = [];
afterEach(async () => {
  for (const database of made.splice(0)) await database.drop();
});

const byUrl = (await kinds()).filter(({ isByUrl }) => isByUrl);

describe.each(byUrl)("eight processes that append to $name", ({ name, make }) => {
  const lines = name === "sqlite" ? SQLITE_LINES : LINES;

  test.each([1, 8])(
    "%i sessions: every line is there once, in order, for all",
    { timeout: 7_200_000 },
    async (sessions) => {
      const database = await make();
      made.push(database);
      const target = database.target as string;
      const store = await openSqlStore<any, any>(target, STORE);
      try {
        const { told } = await append(target, { processes: PROCESSES, lines, sessions, store: STORE });
        const all = await told;
        expect(all.map(({ ended, failures }) => [ended, failures])).toEqual(all.map(() => [0, []]));
        expect(await judge(store, all, sessions)).toEqual({
          acknowledged: PROCESSES * lines,
          shown: PROCESSES * lines,
          lost: [],
          doubled: [],
          misplaced: [],
          branches: Array.from({ length: sessions }, () => 1),
        });
        for await (const problem of store.verify()) expect.fail(JSON.stringify(problem));
        const readers = Array.from({ length: READERS }, () => run(READER, target, sessions, STORE, SQL));
        const seen = await Promise.all(readers.map(output));
        const here: string[] = [];
        for (let k = 0; k < sessions; k++) {
          const hash = createHash("sha256");
          let count = 0;
          for await (const { id, at, data } of store.session(`s${k}`).messages()) {
            hash.update(JSON.stringify([id, at, data]));
            count++;
          }
          here.push(`${count} ${hash.digest("hex")}`);
        }
        expect(seen).toEqual(Array.from({ length: READERS }, () => here));
      } finally {
        await store.close();
      }
    },
  );
});
