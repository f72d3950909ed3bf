// What callers are given of a message: its data as it was written, with its attachments. Only where its bytes show that
// there may be one is anything looked at.
import type { BlobMode } from "../../base/blob.ts";
import type { Entry } from "../../base/entry.ts";
import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { mayHaveBlobs } from "../../line/blob.ts";
import type { SessionState } from "../session-state.ts";
import type { Loaded } from "../read/snapshot.ts";

export interface BlobOptions {
  /** "restore" (default): attachments as the very texts that were given. "reference": what store.blob() takes. */
  blobs?: BlobMode | undefined;
}

/** How one read gives messages, for one batch after the other. */
export class Giver<M extends object, P extends object> {
  readonly #session: SessionState;
  readonly #mode: BlobMode;
  #loaded: Loaded | undefined;
  #mayHave = false;

  constructor(session: SessionState, mode: BlobMode = "restore") {
    this.#session = session;
    this.#mode = mode;
  }

  /** True when messages of this batch may have attachments: they go through give(). */
  isNeeded(loaded: Loaded): boolean {
    if (this.#loaded !== loaded) {
      this.#loaded = loaded;
      this.#mayHave = mayHaveBlobs(loaded.bytes);
    }
    return this.#mayHave;
  }

  async give(entry: Entry<M, P>): Promise<Entry<M, P>> {
    const { detach } = await import("./attachments.ts");
    return await detach(this.#session, entry, this.#mode);
  }
}

export function checkBlobs(call: string, { blobs }: BlobOptions): void {
  if (blobs !== undefined && blobs !== "restore" && blobs !== "reference")
    throw new ArgumentError("INVALID_ARGUMENT", `${call}: blobs is "restore" or "reference"`);
}

/** Of calls that have no other option. */
export function checkBlobOptions(call: string, options: BlobOptions): void {
  checkOptions(call, options, ["blobs"]);
  checkBlobs(call, options);
}
