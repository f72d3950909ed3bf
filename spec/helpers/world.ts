// A store that others change behind its back: it is open in this process and in another one, both have read all of it,
// and after every change they, and a store that is opened then, must answer as a naive full scan does.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { openStore } from "../../lib/index.ts";
import type { Store, StoreOptions } from "../../lib/index.ts";
import { expectLists, expectSessions } from "./store-answers.ts";
import { askHere, Elsewhere } from "./asked.ts";
import type { Asked } from "./asked.ts";
import { filesOf } from "./files.ts";
import { NaiveStore } from "./naive-store.ts";
import { pick, randomOf, shuffled } from "./random.ts";
import type { Random } from "./random.ts";
import { makeTemplate } from "./world-template.ts";

const LONG_AGO = new Date("2026-01-02T03:04:05.678Z");

export interface WorldOptions extends StoreOptions {
  /** How much is compared after each change: so many listings and sessions. Default: nearly all. */
  lists?: number;
  sessions?: number;
}

export interface Worlds {
  /** Runs this in a world of its own. */
  enter(seed: number, run: (world: World) => Promise<unknown>, options?: WorldOptions): Promise<void>;
  /** Runs this in a copy of a world's store with its cache, as `cp -a` makes it. */
  enterCopy(world: World, run: (copy: World) => Promise<unknown>): Promise<void>;
}

/** Worlds for the specs of a file, which share the process that is elsewhere. */
export function useWorlds(): Worlds {
  let template = "";
  const others: Elsewhere[] = [];
  beforeAll(async () => {
    template = await makeTemplate();
    // A copy of a world has need of one more.
    others.push(new Elsewhere(), new Elsewhere());
  });
  afterAll(async () => {
    for (const other of others) await other.end();
    rmSync(template, { recursive: true, force: true });
  });
  const within = async (world: World, make: () => Promise<void>, run: (world: World) => Promise<unknown>) => {
    try {
      await make();
      await run(world);
    } finally {
      await world.end();
    }
  };
  const elsewhere = (index: number): Elsewhere => others[index] as Elsewhere;
  return {
    async enter(seed, run, options) {
      const world = new World(template, elsewhere(0), seed, options);
      await within(world, () => world.make(), run);
    },
    async enterCopy(original, run) {
      const world = new World(template, elsewhere(1), original.random(1e9));
      await within(world, () => world.makeOf(original), run);
    },
  };
}

export class World {
  /** What worlds are made of, and a session of another store. */
  readonly template: string;
  /** The store, and beside it what others have in hand. */
  readonly base: string = mkdtempSync(join(process.env["TURNLOG_SPEC_DIR"] ?? tmpdir(), "turnlog-behind-"));
  readonly directory: string = join(this.base, "store");
  readonly elsewhere: Elsewhere;
  random: Random;
  /** Something changed that no directory tells: a store that is opened then finds it with refresh(). */
  isHidden = false;
  /** What was begun, and what comes after it. */
  readonly rests: (() => unknown)[] = [];
  readonly #options: StoreOptions;
  readonly #lists: number;
  readonly #sessions: number;
  /** The name of the session that something was done to. */
  #changed: string | undefined;
  #store: Store<any, any> | undefined;
  #here: Asked | undefined;

  constructor(template: string, elsewhere: Elsewhere, seed: number, options: WorldOptions = {}) {
    const { lists = 2, sessions = 6, ...storeOptions } = options;
    this.template = template;
    this.random = randomOf(seed);
    this.elsewhere = elsewhere;
    this.#options = storeOptions;
    this.#lists = lists;
    this.#sessions = sessions;
  }

  /** A copy of the template's store, all of which another store has read: indexes that there can be stand. */
  async make(): Promise<void> {
    cpSync(join(this.template, "store"), this.directory, { recursive: true, preserveTimestamps: true });
    const store = await openStore(this.directory);
    await store.close();
    renameSync(join(this.directory, "sessions", "one"), join(this.directory, "sessions", store.machine));
    // As old as the directories of any store that was not made just now.
    for (const month of monthsOf(this.directory)) utimesSync(month, LONG_AGO, LONG_AGO);
    await this.#begin();
  }

  /** The store of another world, as it is. */
  async makeOf({ directory }: World): Promise<void> {
    execFileSync("cp", ["-a", directory, this.directory]);
    await this.#begin();
  }

  /** All sessions are read, by a store that closes and by those that stay open. */
  async #begin(): Promise<void> {
    const { living } = this.scan();
    const read = async (asked: Asked): Promise<void> => {
      for (const { id } of living) await asked.ask(id, "count");
      await asked.ask(undefined, "sessions", { all: true });
    };
    const store = await openStore(this.directory);
    await read(askHere(store, "the first store"));
    await store.close();
    await this.open();
    for (const asked of [this.here, this.elsewhere]) await read(asked);
  }

  /** Opens the store here and in the other process, anew if it was open. */
  async open(): Promise<void> {
    await this.#store?.close();
    this.#store = await openStore<any, any>(this.directory, this.#options);
    this.#here = askHere(this.#store, "the open store");
    await this.elsewhere.open(this.directory, this.#options);
  }

  /** Closes it in both: what they have in memory is on the disk, if anywhere. */
  async close(): Promise<void> {
    await this.#store?.close();
    this.#store = undefined;
    await this.elsewhere.ask(undefined, "close");
  }

  get here(): Asked {
    if (this.#here === undefined) throw new Error("the store is closed");
    return this.#here;
  }

  get machine(): string {
    return this.#store?.machine ?? "";
  }

  scan(): NaiveStore {
    return new NaiveStore(this.directory);
  }

  /** Asks every store for everything. Which one is asked first differs: it may write what the next one finds. */
  async check(): Promise<void> {
    const naive = this.scan();
    for (const step of shuffled(this.random, this.#checks(naive))) await step();
  }

  /** Asks any one store. */
  async glance(): Promise<void> {
    await pick(this.random, this.#checks(this.scan()))();
  }

  /** Reads the sessions in the open stores as they are, without refresh(). */
  async checkSessions(): Promise<void> {
    const options = { random: this.random, lists: 0, sessions: 3, first: this.#changed };
    for (const asked of shuffled(this.random, [this.here, this.elsewhere]))
      await this.#settled(this.scan(), (naive) => expectSessions(asked, naive, options));
  }

  /**
   * What an open store has acknowledged a moment ago it writes to the log that has taken the place of its own, be it in the middle
   * of this: then the scan was of the moment before, and another one tells.
   */
  async #settled(naive: NaiveStore, check: (naive: NaiveStore) => Promise<void>): Promise<void> {
    try {
      await check(naive);
    } catch (error) {
      const now = this.scan();
      if (now.print === naive.print) throw error;
      await check(now);
    }
  }

  #checks(naive: NaiveStore): (() => Promise<void>)[] {
    const open = this.#store === undefined ? [] : [this.here, this.elsewhere];
    const checks = open.map((asked) => async () => {
      await asked.ask(undefined, "refresh");
      await this.#settled(naive, (each) => this.#compare(asked, each));
    });
    return [...checks, () => this.#askFresh(naive)];
  }

  async #askFresh(naive: NaiveStore): Promise<void> {
    const store = await openStore<any, any>(this.directory, this.#options);
    try {
      if (this.isHidden) await store.refresh();
      await this.#settled(naive, (each) => this.#compare(askHere(store, "a store opened now"), each));
    } finally {
      await store.close();
    }
  }

  async #compare(asked: Asked, naive: NaiveStore): Promise<void> {
    const options = { random: this.random, lists: this.#lists, sessions: this.#sessions, first: this.#changed };
    for (const compare of shuffled(this.random, [expectLists, expectSessions])) await compare(asked, naive, options);
  }

  /** All logs, large ones only if that is asked for. */
  logs(leastBytes = 0): string[] {
    return filesOf(join(this.directory, "sessions")).filter((path) => statSync(path).size >= leastBytes);
  }

  /** Any of these logs, a large one twice as often as not. It will be looked at closely. */
  anyLog(isWanted: (path: string) => boolean = () => true): string {
    const [large, all] = [this.logs(64 * 1024), this.logs()].map((paths) => paths.filter(isWanted)) as [
      string[],
      string[],
    ];
    const path = pick(this.random, this.random(3) > 0 && large.length > 0 ? large : all.length > 0 ? all : this.logs());
    this.#changed = basename(path).replace(/\.jsonl.*$/, "");
    return path;
  }

  /** A path beside the store. */
  aside(name = `aside-${this.random(1e9)}`): string {
    return join(this.base, name);
  }

  /** A file system's time moves on by ticks. Returns when a change would show in the times of the file at `path`. */
  tick(path: string): void {
    const probe = this.aside("probe");
    const { ctimeNs } = statSync(path, { bigint: true });
    do writeFileSync(probe, "");
    while (statSync(probe, { bigint: true }).ctimeNs <= ctimeNs);
  }

  async end(): Promise<void> {
    if (this.#store !== undefined) await this.close();
    if (process.env["TURNLOG_SPEC_DIR"] === undefined) rmSync(this.base, { recursive: true, force: true });
  }
}

/** The month directories of a store. */
export function monthsOf(directory: string): string[] {
  const sessions = join(directory, "sessions");
  return readdirSync(sessions).flatMap((machine) =>
    readdirSync(join(sessions, machine)).map((month) => join(sessions, machine, month)),
  );
}

/** A month directory of a machine, made if need be. */
export function monthOf(directory: string, machine: string, month: string): string {
  const path = join(directory, "sessions", machine, month);
  mkdirSync(path, { recursive: true });
  return path;
}
