// Attachments on their way in: each is on the disk, and what its name says, before a log that names it gets its name.
import { basename, dirname, extname } from "node:path";
import { StoreError } from "../../base/errors.ts";
import { hashIn } from "../../disk/blobs.ts";
import type { BlobFile } from "../../disk/blobs.ts";
import { piecesOf } from "../blobs/blob.ts";
import type { MergeSource } from "./merge-source.ts";
import type { StoreState } from "../state.ts";

/** So many are remembered as being here. */
const MOST_SEEN = 100_000;

export class BlobCopies {
  readonly #store: StoreState;
  readonly #source: MergeSource;
  readonly #isTrial: boolean;
  readonly #onWrong: (path: string) => void;
  readonly #seen = new Set<string>();
  count = 0;
  bytes = 0;

  /** `onWrong` is told of a file that is not what its name says. */
  constructor(store: StoreState, source: MergeSource, isTrial: boolean, onWrong: (path: string) => void) {
    this.#store = store;
    this.#source = source;
    this.#isTrial = isTrial;
    this.#onWrong = onWrong;
  }

  /** Sees to it that an attachment is here. False: neither store has it. */
  async take(hash: string): Promise<boolean> {
    if (this.#seen.has(hash)) return true;
    await this.#store.remote?.lookForBlob(hash);
    if (!this.#isHere(hash)) {
      const file = await this.#copy(hash);
      if (file === undefined) return this.#store.blobs.find(hash).next().done !== true;
      this.count++;
      this.bytes += file.bytes;
    }
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.add(hash);
    return true;
  }

  /** In the trash it may be gone before the next one looks for it. */
  #isHere(hash: string): boolean {
    const directory = dirname(this.#store.layout.blob(hash, ""));
    return this.#store.vfs.names(directory).some((name) => name.startsWith(hash) && hashIn(name) === hash);
  }

  /** The file that was taken. */
  async #copy(hash: string): Promise<BlobFile | undefined> {
    const { vfs, blobs, remote } = this.#source;
    await remote?.lookForBlob(hash);
    for (const file of blobs?.find(hash) ?? []) {
      try {
        const ending = extname(basename(file.path));
        const pieces = (): AsyncIterable<Buffer> => piecesOf({ vfs }, file);
        if (this.#isTrial) for await (const _ of pieces());
        else await this.#store.blobs.keep({ hash, bytes: file.bytes, ending, pieces });
        return file;
      } catch (error) {
        if (!(error instanceof StoreError && error.code === "DAMAGED")) throw error;
        this.#onWrong(file.path);
      }
    }
    return undefined;
  }
}
