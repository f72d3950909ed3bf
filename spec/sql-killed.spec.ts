// A server that is killed and started again under its writers: what they were told is so, and nobody has to open anything anew.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { openSqlStore } from "../lib/sql.ts";
import type { Session, StoreError } from "../lib/index.ts";
import { append, judge } from "./helpers/appenders.ts";
import { sharedMariaDb, sharedPostgres, startMariaDb, startPostgres } from "./helpers/servers.ts";
import type { Server } from "./helpers/servers.ts";

const KILLS = 3;
const PROCESSES = 2;
const LINES = 200;
/** So many more are acknowledged before the next kill: all kills come before the processes are through. */
const BETWEEN = 60;
const STORE = { busyTimeoutMs: 60_000 };
const PATIENCE_MS = 120_000;

/** Appends under a new id each time, one after the other, and keeps what became of each. */
class Writer {
  readonly acknowledged: number[] = [];
  /** The number, and what was thrown. */
  readonly failures: [number, StoreError][] = [];
  readonly #session: Session<any, any>;
  #isEnding = false;
  readonly #ended: Promise<void>;

  constructor(session: Session<any, any>) {
    this.#session = session;
    this.#ended = this.#write();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#ended;
  }

  async #write(): Promise<void> {
    for (let n = 0; !this.#isEnding; n++) {
      try {
        await this.#session.append({ id: `${PROCESSES}-${n}`, by: PROCESSES, n });
        this.acknowledged.push(n);
      } catch (error) {
        this.failures.push([n, error as StoreError]);
        await sleep(20);
      }
    }
  }
}

const KINDS = [
  { name: "PostgreSQL", isThere: (await sharedPostgres()) !== undefined, start: startPostgres },
  { name: "MariaDB", isThere: (await sharedMariaDb()) !== undefined, start: startMariaDb },
];

describe.each(KINDS)("a server of $name that is killed three times under three writers", ({ isThere, start }) => {
  let server: Server | undefined;
  afterEach(async () => server?.stop());

  it.skipIf(!isThere)("has every acknowledged line, once and in order", { timeout: 600_000 }, async () => {
    server = await start();
    const store = await openSqlStore<any, any>(server.url, STORE);
    try {
      const session = store.session("s0", { create: true });
      const options = { processes: PROCESSES, lines: LINES, store: STORE, patienceMs: PATIENCE_MS };
      const appenders = await append(server.url, options);
      const writer = new Writer(session);
      for (let kill = 0; kill < KILLS; kill++) {
        const [theirs, own] = [appenders.acknowledged() + BETWEEN, writer.acknowledged.length + 5];
        while (appenders.acknowledged() < theirs || writer.acknowledged.length < own) await sleep(5);
        await sleep(Math.random() * 30);
        await server.kill();
        await sleep(100);
        await server.restart();
      }
      const told = await appenders.told;
      const before = writer.acknowledged.length;
      while (writer.acknowledged.length < before + 5) await sleep(5);
      await writer.end();

      expect(told.map(({ ended, acknowledged }) => [ended, acknowledged.length])).toEqual([
        [0, LINES],
        [0, LINES],
      ]);
      const all = [...told, { acknowledged: writer.acknowledged, failures: [], ended: 0 }];
      const right = { lost: [], doubled: [], misplaced: [], branches: [1] };
      expect(await judge(store, all)).toMatchObject(right);
      for await (const problem of store.verify()) expect.fail(JSON.stringify(problem));

      // Each kill was noticed, and what failed says what became of it.
      expect(writer.failures.length).toBeGreaterThanOrEqual(KILLS);
      for (const [, { code, written }] of writer.failures) expect(`${code} ${written}`).toMatch(/^IO (no|unknown)$/);
      for (const failure of told.flatMap(({ failures }) => failures)) expect(failure).toMatch(/^IO (no|unknown)$/);
      const there = new Set<string>();
      for await (const { id } of session.messages()) there.add(id);
      const denied = writer.failures.filter(([n, { written }]) => written === "no" && there.has(`${PROCESSES}-${n}`));
      expect(denied).toEqual([]);

      // Who opens it now sees the same.
      const another = await openSqlStore<any, any>(server.url, STORE);
      try {
        expect(await judge(another, all)).toEqual(await judge(store, all));
      } finally {
        await another.close();
      }
    } finally {
      await store.close();
    }
  });
});
