// Attachments in a database, shown as files: looked for by their hash before anybody looks at the file.
import { Blobs } from "../disk/blobs.ts";
import type { BlobContent } from "../disk/blobs.ts";
import type { MemoryVfs } from "../disk/memory-vfs.ts";
import type { Layout } from "../disk/names.ts";
import { FarContent } from "./far-content.ts";
import type { Reading } from "./database/database.ts";

/** So many are shown at a time. */
const MOST_SHOWN = 1000;

/** Where they are kept. */
export interface BlobRoom {
  readonly reading: Reading;
  putBlob(hash: string, pieces: () => AsyncIterable<Buffer>): Promise<void>;
}

export class FarBlobs extends Blobs {
  readonly #vfs: MemoryVfs;
  readonly #layout: Layout;
  readonly #room: BlobRoom;
  readonly #shown = new Set<string>();

  constructor(vfs: MemoryVfs, layout: Layout, room: BlobRoom) {
    super(vfs, layout);
    this.#vfs = vfs;
    this.#layout = layout;
    this.#room = room;
  }

  /** Shows it as a file, if it is there. */
  async look(hash: string): Promise<void> {
    if (this.#shown.has(hash)) return;
    const bytes = await this.#room.reading.blobBytes(hash);
    if (bytes !== undefined) this.#show(hash, bytes);
  }

  override async keep({ hash, bytes, pieces }: BlobContent): Promise<void> {
    await this.#room.putBlob(hash, pieces);
    this.#show(hash, bytes);
  }

  override forget(hash: string): void {
    super.forget(hash);
    if (this.#shown.delete(hash)) this.#vfs.remove(this.#layout.blob(hash, ""));
  }

  #show(hash: string, bytes: number): void {
    for (const oldest of this.#shown) {
      if (this.#shown.size < MOST_SHOWN) break;
      this.forget(oldest);
    }
    const path = this.#layout.blob(hash, "");
    const content = new FarContent(path, bytes, async (from, to) => await this.#room.reading.blob(hash, from, to));
    this.#vfs.place(path, content);
    this.#shown.add(hash);
  }
}
