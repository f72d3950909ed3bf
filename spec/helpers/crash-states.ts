// What a crash of the machine may leave on a disk, at any moment of what was recorded of it. POSIX promises little: the bytes of a
// file that was synced, the names in a directory that was synced. Of all else any part may be there.
import { dirname } from "node:path";
import { SimulatedDisk } from "./simulated-disk.ts";
import type { DiskEvent, Inode } from "./simulated-disk.ts";
import type { Random } from "./random.ts";

/** A change of a name in one directory. */
interface NameChange {
  readonly path: string;
  /** What it names from then on; undefined: nothing, if it still names what it did. */
  readonly inode: Inode | undefined;
  readonly before: Inode | undefined;
  /** It never happens without that one: a rename never loses its file. */
  readonly onlyWith: NameChange | undefined;
}

/** What of the pending is there: which names, and of a file's bytes how many, with NULs up to an end. */
interface Choice {
  readonly name: (change: NameChange, index: number) => boolean;
  readonly size: (inode: Inode, synced: number, written: number) => { readonly bytes: number; readonly end: number };
}

/** What is on a disk for good when a recording of it begins. */
export interface Start {
  readonly names: ReadonlyMap<string, Inode>;
  readonly sizes: ReadonlyMap<Inode, number>;
}

/** From now on the disk's events tell what is done to it; all that is there now is there for good. */
export function startOf(disk: SimulatedDisk): Start {
  disk.events.length = 0;
  const names = new Map(disk.entries());
  return { names, sizes: new Map([...names.values()].map((inode) => [inode, inode.size])) };
}

/** Where a disk stands after some of what was done to it. */
export class CrashPoint {
  readonly #durable: Map<string, Inode>;
  readonly #pending: NameChange[] = [];
  readonly #synced = new Map<Inode, number>();
  readonly #written = new Map<Inode, number>();
  readonly #baseSizes: ReadonlyMap<Inode, number>;

  constructor({ names, sizes }: Start) {
    this.#baseSizes = sizes;
    this.#durable = new Map(names);
  }

  after(event: DiskEvent): void {
    switch (event.kind) {
      case "makeDirectory":
      case "create":
      case "link":
        this.#add(event.path, event.inode);
        break;
      case "remove":
        this.#pending.push({ path: event.path, inode: undefined, before: event.inode, onlyWith: undefined });
        break;
      case "rename": {
        const to = this.#add(event.path, event.inode);
        this.#pending.push({ path: event.from, inode: undefined, before: event.inode, onlyWith: to });
        break;
      }
      case "write":
        this.#written.set(event.inode, event.to);
        break;
      case "sync":
        this.#synced.set(event.inode, Math.max(this.#syncedOf(event.inode), event.size));
        break;
      case "syncDirectory":
        this.#syncDirectory(event.path);
        break;
      case "note":
        break;
    }
  }

  /** Only what was synced: model A. */
  least(): SimulatedDisk {
    return this.#make({ name: () => false, size: (_, synced) => ({ bytes: synced, end: synced }) });
  }

  /** All of it, as after a crash of the process alone. */
  most(): SimulatedDisk {
    return this.#make({ name: () => true, size: (_, __, written) => ({ bytes: written, end: written }) });
  }

  /** Model B: names or bytes or both are ahead, sizes are there without their bytes. */
  *between(random: Random, count: number): Generator<SimulatedDisk> {
    const all: Choice["size"] = (_, __, written) => ({ bytes: written, end: written });
    yield this.#make({ name: () => true, size: (_, synced) => ({ bytes: synced, end: synced }) });
    yield this.#make({ name: () => true, size: (_, synced, written) => ({ bytes: synced, end: written }) });
    yield this.#make({ name: () => false, size: all });
    // Each change of a name alone missing, and alone there, when there are few.
    for (let one = 0; one < this.#pending.length && this.#pending.length <= 8; one++) {
      yield this.#make({ name: (_, index) => index === one, size: all });
      yield this.#make({ name: (_, index) => index !== one, size: all });
    }
    for (let each = 0; each < count; each++) {
      yield this.#make({
        name: () => random(2) === 1,
        size: (_, synced, written) => {
          const bytes = synced + random(written - synced + 1);
          return { bytes, end: random(2) === 1 ? bytes : bytes + random(written - bytes + 1) };
        },
      });
    }
  }

  #add(path: string, inode: Inode): NameChange {
    const change: NameChange = { path, inode, before: undefined, onlyWith: undefined };
    this.#pending.push(change);
    return change;
  }

  #syncDirectory(directory: string): void {
    for (const change of this.#pending.filter(({ path }) => dirname(path) === directory)) {
      // A file that has left another directory for this one has left that one for good, too, only when that one was synced.
      apply(this.#durable, change);
      this.#pending.splice(this.#pending.indexOf(change), 1);
    }
  }

  #syncedOf(inode: Inode): number {
    return this.#synced.get(inode) ?? this.#baseSizes.get(inode) ?? 0;
  }

  #make({ name, size }: Choice): SimulatedDisk {
    const names = new Map(this.#durable);
    const done = new Set<NameChange>();
    for (const [index, change] of this.#pending.entries()) {
      const isPossible =
        change.onlyWith === undefined || !this.#pending.includes(change.onlyWith) || done.has(change.onlyWith);
      if (!isPossible || !name(change, index)) continue;
      done.add(change);
      apply(names, change);
    }
    const disk = new SimulatedDisk();
    const copies = new Map<Inode, Inode>();
    for (const [path, inode] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      // Who held a lease has ended: leases say who, and there is nobody to play them.
      if (path.includes("/.cache/leases/")) continue;
      // What lies in a directory that is not there cannot be reached.
      if (dirname(path) !== path && disk.stat(dirname(path))?.isDirectory !== true) continue;
      let copy = copies.get(inode);
      if (copy === undefined) {
        const written = this.#written.get(inode) ?? this.#baseSizes.get(inode) ?? 0;
        const { bytes, end } = size(inode, Math.min(this.#syncedOf(inode), written), written);
        const content = Buffer.alloc(end);
        inode.bytes.copy(content, 0, 0, bytes);
        copies.set(inode, (copy = { ...inode, bytes: content, size: end }));
      }
      disk.put(path, copy);
    }
    return disk;
  }
}

function apply(names: Map<string, Inode>, { path, inode, before }: NameChange): void {
  if (inode !== undefined) names.set(path, inode);
  else if (names.get(path) === before) names.delete(path);
}

/** Goes through what was done to a disk. Each moment is told with the event that led to it. */
export function* crashPoints(
  start: Start,
  events: readonly DiskEvent[],
): Generator<{ readonly event: DiskEvent; readonly point: CrashPoint }> {
  const point = new CrashPoint(start);
  for (const event of events) {
    point.after(event);
    yield { event, point };
  }
}

/** What can be told of one disk from another: two that have the same text are the same. */
export function contentOf(disk: SimulatedDisk): string {
  return [...disk.entries()]
    .map(([path, { isDirectory, bytes, size }]) => `${path} ${isDirectory ? "/" : bytes.toString("latin1", 0, size)}`)
    .sort()
    .join("\n");
}
