// Makes a base out of all entries, in steps: what a listing shows goes straight to the file, the columns follow it.
import { dirname } from "node:path";
import { Aside } from "../../disk/aside.ts";
import type { Vfs } from "../../disk/vfs.ts";
import { parseStamp } from "../../line/stamp.ts";
import { giveWay } from "../../base/turn.ts";
import { BlockWriter } from "../blocks.ts";
import { sortRows } from "../sort.ts";
import { Turns } from "../../base/slices.ts";
import { alignment, MAGIC } from "./base.ts";
import type { BaseContent, MonthFiles, Sections } from "./base.ts";
import { compareMarks, encodeEntry, flagsOf, hashName, hashOf, markOf, tagBits } from "./entry.ts";
import type { CatalogEntry, Mark, SeenLog } from "./entry.ts";

/** What a base is told of the journals and the directories that it was made from. */
export type BaseOrigin = Omit<BaseContent, "count" | "files" | "sections">;

/** Grows as numbers are added; a list of numbers would take eight times the bytes in its worst form. */
class Column {
  #bytes: Buffer = Buffer.allocUnsafe(4096);
  length = 0;

  addDouble(value: number): void {
    this.#makeRoom(8);
    this.length = this.#bytes.writeDoubleLE(value, this.length);
  }

  addWord(value: number): void {
    this.#makeRoom(4);
    this.length = this.#bytes.writeUInt32LE(value, this.length);
  }

  addByte(value: number): void {
    this.#makeRoom(1);
    this.length = this.#bytes.writeUInt8(value, this.length);
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  #makeRoom(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafe(this.#bytes.length * 2);
    this.#bytes.copy(wider);
    this.#bytes = wider;
  }
}

/**
 * Writes a base in place of the one that may be there, if `isWanted` says so when it is ready: -> whether
 * it did. `entries` come in the order "updated", each session once.
 */
export async function writeBase(
  vfs: Vfs,
  asideDirectory: string,
  path: string,
  origin: BaseOrigin,
  entries: Iterable<CatalogEntry | undefined>,
  isWanted: () => boolean,
): Promise<boolean> {
  const aside = new Aside(vfs, asideDirectory);
  try {
    const builder = new BaseBuilder(new BlockWriter(aside));
    for (const entry of entries) {
      if (entry !== undefined) builder.add(entry);
      await giveWay();
    }
    await builder.finish(origin);
    vfs.makeDirectory(dirname(path));
    const wanted = isWanted();
    if (wanted) aside.replace(path);
    return wanted;
  } finally {
    aside.discard();
  }
}

class BaseBuilder {
  readonly #writer: BlockWriter;
  readonly #ends = new Column();
  readonly #updatedMs = new Column();
  readonly #flags = new Column();
  readonly #project = new Column();
  readonly #projectDirectory = new Column();
  readonly #parent = new Column();
  readonly #title = new Column();
  readonly #tags = new Column();
  readonly #created: Mark[] = [];
  readonly #nameHashes: number[] = [];
  readonly #months = new Map<string, { readonly log: SeenLog; readonly hash: number; readonly row: number }[]>();

  constructor(writer: BlockWriter) {
    this.#writer = writer;
  }

  add(entry: CatalogEntry): void {
    const row = this.#created.length;
    this.#writer.add(Buffer.from(JSON.stringify(encodeEntry(entry))));
    this.#ends.addDouble(this.#writer.length);
    this.#updatedMs.addDouble(msOf(entry.updated));
    this.#flags.addByte(flagsOf(entry));
    this.#project.addWord(hashOf(entry.info["project"]));
    this.#projectDirectory.addWord(hashOf(entry.info["directory"]));
    this.#parent.addWord(hashOf(entry.info["parent"]));
    this.#title.addWord(hashOf(entry.info["title"]));
    this.#tags.addWord(tagBits(entry.info["tags"]));
    this.#created.push(markOf(entry, "created"));
    this.#nameHashes.push(hashName(entry.name));
    for (const log of entry.logs) {
      const files = this.#months.get(log.directory) ?? [];
      this.#months.set(log.directory, files);
      files.push({ log, hash: hashName(log.file), row });
    }
  }

  async finish(origin: BaseOrigin): Promise<void> {
    const turns = new Turns();
    const count = this.#created.length;
    const ends = this.#section(this.#ends);
    const updatedMs = this.#section(this.#updatedMs);
    const marks = this.#created;
    const order = await sortRows(count, (a, b) => compareMarks(marks[a] as Mark, marks[b] as Mark), turns);
    const created = new Column();
    const createdMs = new Column();
    for (const row of order) {
      created.addWord(row);
      createdMs.addDouble(msOf((marks[row] as Mark).stamp));
      await giveWay();
    }
    const hashes = this.#nameHashes;
    const names = new Column();
    const nameRows = new Column();
    for (const row of await sortRows(count, (a, b) => (hashes[a] as number) - (hashes[b] as number), turns)) {
      names.addDouble(hashes[row] as number);
      nameRows.addWord(row);
      await giveWay();
    }
    const { files, fileRows, months } = await this.#fileColumns(turns);
    const sections: Sections = {
      entries: 0,
      ends,
      updatedMs,
      createdMs: this.#section(createdMs),
      created: this.#section(created),
      flags: this.#section(this.#flags),
      project: this.#section(this.#project),
      projectDirectory: this.#section(this.#projectDirectory),
      parent: this.#section(this.#parent),
      title: this.#section(this.#title),
      tags: this.#section(this.#tags),
      names: this.#section(names),
      nameRows: this.#section(nameRows),
      files: this.#section(files),
      fileRows: this.#section(fileRows),
    };
    const content: BaseContent = { ...origin, count, files: months, sections };
    this.#writer.finish(MAGIC, content);
  }

  async #fileColumns(turns: Turns): Promise<{ files: Column; fileRows: Column; months: MonthFiles[] }> {
    const files = new Column();
    const fileRows = new Column();
    const months: MonthFiles[] = [];
    for (const [directory, list] of this.#months) {
      months.push({ directory, first: fileRows.length / 4, count: list.length });
      const order = await sortRows(list.length, (a, b) => hashAt(list, a) - hashAt(list, b), turns);
      for (const index of order) {
        const { log, hash, row } = list[index] as (typeof list)[number];
        const { ino, size, mtimeMs, ctimeMs } = log.print;
        for (const field of [hash, ino, size, mtimeMs, ctimeMs]) files.addDouble(field);
        fileRows.addWord(row);
        await giveWay();
      }
    }
    return { files, fileRows, months };
  }

  #section(column: Column): number {
    this.#writer.add(Buffer.alloc(alignment(this.#writer.length)));
    const start = this.#writer.length;
    this.#writer.add(column.bytes);
    return start;
  }
}

function hashAt(list: readonly { readonly hash: number }[], index: number): number {
  return (list[index] as { readonly hash: number }).hash;
}

/** Before all times: a session without a stamp comes last. */
export function msOf(stamp: string): number {
  return parseStamp(stamp)?.ms ?? Number.NEGATIVE_INFINITY;
}
