// The files that a session's logs are shown as.
import { basename, dirname, join, relative } from "node:path";
import { MemoryVfs } from "../disk/memory-vfs.ts";
import { machineOf, nameOf } from "../disk/names.ts";
import type { Layout } from "../disk/names.ts";
import type { Reading } from "./database/database.ts";
import type { StoredLog, StoredSession } from "./database/stored.ts";
import { FarContent } from "./far-content.ts";
import { bytesOf, positionOf } from "./database/log-lines.ts";
import { isFree, isInTrash } from "./session-row.ts";

/** A session of so many bytes is fetched whole when it is looked at: one request, and nothing in it is far any more. */
const WHOLE_BYTES = 8 * 1024 * 1024;
/** So much of all sessions stays in memory. */
const HELD_BYTES = 64 * 1024 * 1024;
const LOOKS_A_SWEEP = 64;
/** So many sessions are shown at a time, at least. */
const MOST_SHOWN = 20_000;

export interface FarFile {
  readonly number: number;
  readonly generation: number;
  readonly content: FarContent;
}

/** A session as it was looked at last. */
export interface Shown {
  readonly row: StoredSession | undefined;
  /** By their paths. */
  readonly files: ReadonlyMap<string, FarFile>;
}

const NOTHING_SHOWN: Shown = { row: undefined, files: new Map() };

export class FarFiles {
  readonly vfs: MemoryVfs = new MemoryVfs((path) => this.#named(path));
  readonly layout: Layout;
  readonly #reading: () => Reading;
  /** The one that was looked at last comes last. */
  readonly #shown = new Map<string, Shown>();
  /** The paths of each session's files, looked at or written since. */
  readonly #paths = new Map<string, Set<string>>();
  #looks = 0;

  constructor(layout: Layout, reading: () => Reading) {
    this.layout = layout;
    this.#reading = reading;
    this.vfs.makeDirectory(layout.sessions);
  }

  of(name: string): Shown {
    return this.#shown.get(name) ?? NOTHING_SHOWN;
  }

  /** The session is as this row says; undefined: there is none. What is read now is fetched. */
  async show(name: string, row: StoredSession | undefined, isRead = true): Promise<void> {
    const before = this.of(name).files;
    const files = new Map<string, FarFile>();
    for (const [number, log] of (row?.logs ?? []).entries()) {
      if (isFree(log)) continue;
      const path = this.pathOf(name, log);
      files.set(path, this.#goOn(path, before.get(path), log, number) ?? this.#begin(name, path, log, number));
      // Since when it lies in the trash the time of its file tells.
      if (isInTrash(log)) this.vfs.setTime(path, row?.deletedMs ?? 0);
    }
    for (const path of before.keys()) if (!files.has(path)) this.vfs.remove(path);
    this.keep(name, { row, files });
    if (++this.#looks % LOOKS_A_SWEEP === 0) this.#sweep();
    const bytes = [...files.values()].reduce((sum, { content }) => sum + content.size, 0);
    if (isRead && bytes <= WHOLE_BYTES) for (const { content } of files.values()) await content.bringAll();
  }

  /** So it is from now on. */
  keep(name: string, shown: Shown): void {
    this.#shown.delete(name);
    if (shown.row !== undefined) this.#shown.set(name, shown);
  }

  /** Something was written to its files that the database does not have. */
  isWritten(name: string): boolean {
    const { files } = this.of(name);
    const paths = this.pathsOf(name);
    return (
      paths.length !== files.size ||
      paths.some((path) => {
        const content = files.get(path)?.content;
        return content === undefined || this.vfs.contentOf(path) !== content || content.written.length > 0;
      })
    );
  }

  /** As the last look was, whatever was written to the files since. */
  reset(name: string): void {
    const { files } = this.of(name);
    for (const path of this.pathsOf(name)) if (!files.has(path)) this.vfs.remove(path);
    for (const [path, { content }] of files) {
      content.unwrite();
      // Another file, so that nothing is believed that was read of it.
      this.vfs.place(path, content);
    }
  }

  /** All that stands for the session now, looked at or written since. */
  pathsOf(name: string): string[] {
    return [...(this.#paths.get(name) ?? [])];
  }

  pathOf(name: string, { machine, month }: StoredLog): string {
    return machine === "" ? join(this.layout.root, month) : this.layout.log(machine, month, name);
  }

  /** What the database calls the log at this path. */
  logAt(path: string, size: number, generation: number): StoredLog {
    const isLive = path.startsWith(`${this.layout.sessions}/`);
    const [machine, month] = isLive
      ? [machineOf(path), basename(dirname(path))]
      : ["", relative(this.layout.root, path).replaceAll("\\", "/")];
    return { machine, month, size, generation };
  }

  content(name: string, path: string, number: number, size: number): FarContent {
    return new FarContent(path, size, async (from, to) => {
      const rows = await this.#reading().lines(name, positionOf(number, from), positionOf(number, to));
      return bytesOf(rows, number, from, to);
    });
  }

  #named(path: string): void {
    const { sessions, trash } = this.layout;
    const name = path.startsWith(`${sessions}/`)
      ? nameOf(basename(path))
      : path.startsWith(`${trash}/`)
        ? basename(dirname(path))
        : undefined;
    if (name === undefined) return;
    const paths = this.#paths.get(name) ?? new Set();
    if (this.vfs.contentOf(path) !== undefined) paths.add(path);
    else paths.delete(path);
    if (paths.size > 0) this.#paths.set(name, paths);
    else this.#paths.delete(name);
  }

  /** The same log, which may have grown; undefined: another one. */
  #goOn(path: string, known: FarFile | undefined, log: StoredLog, number: number): FarFile | undefined {
    if (known?.number !== number || known.generation !== log.generation) return undefined;
    const { content } = known;
    if (content.stored > log.size || this.vfs.contentOf(path) !== content) return undefined;
    if (content.stored === log.size) return known;
    content.stored = log.size;
    this.vfs.touch(path);
    return known;
  }

  #begin(name: string, path: string, log: StoredLog, number: number): FarFile {
    const content = this.content(name, path, number, log.size);
    this.vfs.place(path, content);
    return { number, generation: log.generation, content };
  }

  /** Gives memory back: all can be fetched again. */
  #sweep(): void {
    let held = 0;
    const newestFirst = [...this.#shown].reverse();
    for (const [index, [name, { files }]] of newestFirst.entries()) {
      for (const [path, { content }] of files) {
        held += content.held;
        // The newest is likely to be read now.
        if (held > HELD_BYTES && index > 0) content.drop();
        if (index >= MOST_SHOWN) this.vfs.remove(path);
      }
      if (index >= MOST_SHOWN) this.#shown.delete(name);
    }
  }
}
