// Machines with a store each, all in one memory, that do anything to shared sessions and merge one another's stores.
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { vi } from "vitest";
import { settingsOf } from "../../lib/base/options.ts";
import { MemoryVfs } from "../../lib/disk/memory-vfs.ts";
import { StoreError } from "../../lib/index.ts";
import type { MergeReport, Receipt, Session, Store } from "../../lib/index.ts";
import { rooms } from "../../lib/open.ts";
import { openOn } from "../../lib/store/open-on.ts";
import { foldWhole, readLog } from "./naive-reader.ts";
import type { NaiveLine, NaiveWhole } from "./naive-reader.ts";

type Any = Session<any, any>;

/** How often each is done. */
export const KINDS = {
  append: 10,
  batch: 5,
  put: 5,
  part: 5,
  "remove part": 1,
  remove: 2,
  truncate: 2,
  title: 3,
  compact: 4,
  purge: 3,
  "purge session": 0.2,
  delete: 1,
  restore: 2,
  fork: 1,
  checkout: 3,
  archive: 1,
  unarchive: 0.5,
  merge: 9,
};

export interface Step {
  readonly machine: number;
  readonly session: number;
  readonly kind: keyof typeof KINDS;
  readonly a: number;
  readonly b: number;
  /** So much later it is, on the clock of all; each machine's own is wrong by as much as it likes. */
  readonly ms: number;
}

const START = Date.UTC(2026, 10, 21, 9);
const SESSIONS = ["s", "t"];
/** What a step may meet: the session, or the message, is not there (any more). */
const EXPECTED: ReadonlySet<string> = new Set(["NOT_FOUND", "EXISTS"]);
/** What hides messages. */
const HIDING: ReadonlySet<string> = new Set(["remove", "truncate", "purge", "purge session", "delete"]);

export class MergeWorld {
  readonly vfs: MemoryVfs = new MemoryVfs();
  readonly stores: Store<any, any>[] = [];
  /** For each session the places of the messages that were acknowledged, and of those that somebody hid. */
  readonly acknowledged: Map<string, Set<string>> = new Map();
  readonly hidden: Set<string> = new Set();
  readonly reports: MergeReport[] = [];
  readonly #skews: readonly number[];
  #now = START;
  #count = 0;

  private constructor(skews: readonly number[]) {
    this.#skews = skews;
  }

  static async open(skews: readonly number[]): Promise<MergeWorld> {
    const world = new MergeWorld(skews);
    for (const machine of skews.keys()) world.stores.push(await world.openAt(`/${machine}`, `m${machine}`));
    // All begin with something that they share.
    const step = { machine: 0, session: 0, kind: "batch", a: 0, b: 0, ms: 0 } as const;
    for (let times = 0; times < 3; times++) await world.run(step);
    for (const machine of [1, 2]) await world.merge(machine, 0);
    return world;
  }

  async openAt(root: string, machine: string): Promise<Store<any, any>> {
    return await openOn<any, any>(this.vfs, root, settingsOf({ machine }), rooms);
  }

  async close(): Promise<void> {
    for (const store of this.stores) await store.close();
  }

  async run(step: Step): Promise<void> {
    const store = this.stores[step.machine % this.stores.length] as Store<any, any>;
    this.#now += step.ms;
    vi.setSystemTime(this.#now + (this.#skews[step.machine] ?? 0));
    const id = SESSIONS[step.session % SESSIONS.length] as string;
    const before = HIDING.has(step.kind) ? placesIn(this.logsIn(store.path, id)) : [];
    try {
      await this.#do(store, store.session(id), step);
    } catch (error) {
      if (!(error instanceof StoreError) || !EXPECTED.has(error.code)) throw error;
    }
    if (before.length === 0) return;
    // A deletion takes all that the machine has, on other branches, too: the trash has it, and a copy elsewhere may.
    const isAll = step.kind === "delete" || step.kind === "purge session";
    const alive = new Set(isAll ? [] : this.read(store.path, id)?.alive);
    for (const place of before) if (!alive.has(place)) this.hidden.add(place);
  }

  async #do(store: Store<any, any>, session: Any, { kind, a, b, machine }: Step): Promise<unknown> {
    const text = (): object => ({ text: `said ${this.#count++}` });
    const any = async (): Promise<string> => {
      const history = await session.history();
      return history[a % Math.max(1, history.length)]?.at ?? "none";
    };
    switch (kind) {
      case "append":
        return this.#note(session, await store.session(session.id, { create: true }).append(text()));
      case "batch":
        return this.#note(session, ...(await store.session(session.id, { create: true }).append([text(), text()])));
      case "put":
        return this.#note(session, await session.putMessage({ id: `p${a % 3}`, ...text() }));
      case "part":
        return await session.putPart(await any(), { id: `part ${b % 2}`, ...text() });
      case "remove part":
        return await session.remove(await any(), `part ${b % 2}`);
      case "remove":
        return await session.remove(await any());
      case "truncate":
        return await session.truncate(b % 2 === 0 ? { keepLast: a % 4 } : { after: await any() });
      case "title":
        return await session.update(
          b % 3 === 0 ? { title: null } : { title: `title ${this.#count++}`, tags: [`${a}`] },
        );
      case "compact":
        return await session.compact();
      case "purge":
        return await session.purge([await any()]);
      case "purge session":
        return await store.purge(session.id);
      case "delete":
        return await session.delete({ trash: b % 3 > 0 });
      case "restore":
        return await session.restore();
      case "fork":
        return await this.#fork(store, session, a);
      case "checkout":
        return await session.checkout((await session.branches())[a % 2]?.at ?? (await any()));
      case "archive":
        return await store.archive(session.id);
      case "unarchive":
        return await store.unarchive(session.id);
      case "merge":
        return await this.merge(machine, machine + 1 + (a % (this.stores.length - 1)));
      default:
        return undefined;
    }
  }

  #note(session: { readonly id: string }, ...receipts: Receipt[]): void {
    const places = this.acknowledged.get(session.id) ?? new Set();
    for (const { at } of receipts) places.add(at);
    this.acknowledged.set(session.id, places);
  }

  /** Into a session of its own, which others may know by then. */
  async #fork(store: Store<any, any>, session: Any, a: number): Promise<void> {
    const fork = await session.fork({ id: `fork ${a % 3} of ${store.machine}` });
    this.#note(fork, ...(await fork.history()));
  }

  async merge(into: number, from: number): Promise<MergeReport> {
    const [store, source] = [into, from].map((number) => this.stores[number % this.stores.length]);
    const report = await (store as Store).merge((source as Store).path);
    this.reports.push(report);
    return report;
  }

  /** All logs of a store, archived ones unpacked, by their paths in it; old ones are their machine's alone. */
  contents(root: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const room of ["sessions", "archive"])
      for (const path of this.#filesIn(join(root, room))) {
        if (path.endsWith(".old")) continue;
        const bytes = this.#bytesOf(path);
        found.set(path.slice(root.length), (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1"));
      }
    return found;
  }

  /** The inode of each log: it is another one where somebody wrote it anew. */
  inodes(root: string): Map<string, number | undefined> {
    const paths = ["sessions", "archive"].flatMap((room) => this.#filesIn(join(root, room)));
    return new Map(paths.map((path) => [path, this.vfs.stat(path)?.ino]));
  }

  /** What the second reader makes of a session; undefined: it is not there. */
  read(root: string, id: string): NaiveWhole | undefined {
    const logs = this.logsIn(root, id).map((text) => readLog(Buffer.from(text, "latin1")));
    return logs.length === 0 ? undefined : foldWhole(logs);
  }

  /** The lines that have something of what any log of their session purges. */
  purgedIn(root: string, id: string): NaiveLine[] {
    const lines = this.logsIn(root, id).flatMap((text) => readLog(Buffer.from(text, "latin1")));
    const purged = new Set(lines.flatMap(({ type, data }) => (type === "purge" ? (data?.of as string[]) : [])));
    const named = ({ at, of, message }: NaiveLine): boolean =>
      [at, of, message].some((place) => place !== undefined && purged.has(place));
    return lines.filter((line) => ["message", "part"].includes(line.type) && named(line));
  }

  logsIn(root: string, id: string): string[] {
    const name = `/${id.replaceAll(" ", "%20")}.jsonl`;
    return ["sessions", "archive"].flatMap((room) =>
      this.#filesIn(join(root, room))
        .filter((path) => path.includes(name))
        .map((path) => {
          const bytes = this.#bytesOf(path);
          return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1");
        }),
    );
  }

  /** A copy of a store's logs, as another directory has them. */
  copy(root: string, to: string): void {
    for (const room of ["sessions", "archive"])
      for (const path of this.#filesIn(join(root, room))) {
        if (path.endsWith(".old")) continue;
        const target = to + path.slice(root.length);
        this.vfs.makeDirectory(target.slice(0, target.lastIndexOf("/")));
        const bytes = this.#bytesOf(path);
        this.vfs.open(target, "create").write(bytes, bytes.length);
      }
    this.vfs.makeDirectory(join(to, "sessions"));
  }

  #bytesOf(path: string): Buffer {
    const file = this.vfs.open(path, "read");
    const bytes = Buffer.alloc(file.stat().size);
    file.read(bytes, 0, bytes.length, 0);
    return bytes;
  }

  #filesIn(directory: string): string[] {
    return this.vfs.names(directory).flatMap((name) => {
      const path = join(directory, name);
      return this.vfs.stat(path)?.isDirectory === true ? this.#filesIn(path) : [path];
    });
  }
}

/** The places of all messages that stand in logs. */
function placesIn(logs: readonly string[]): string[] {
  return logs.flatMap((log) =>
    Array.from(
      log.matchAll(/^\{"at":"([^"]*)","type":"message",(?!(?:"batch":\d+,)?(?:"id":"[^"]*",)?"of":)/gm),
      ([, at]) => String(at),
    ),
  );
}
