// How far an import has come: of all bytes of the files that it reads, those that it has read.
import type { SourceSession } from "./importer.ts";
import { printOf } from "./source.ts";
import { watchReading } from "./source-watches.ts";

interface File {
  readonly bytes: number;
  /** How many sessions are in it. */
  sessions: number;
}

export class Reading {
  totalBytes = 0;
  readonly #files = new Map<string, File>();
  #doneBytes = 0;
  #watches: { readonly file: File; readonly watch: ReturnType<typeof watchReading> }[] = [];

  /** It will be read. */
  add({ files }: SourceSession): void {
    for (const path of files) {
      const file = this.#files.get(path);
      if (file !== undefined) file.sessions++;
      else {
        const bytes = printOf(path)?.size ?? 0;
        this.#files.set(path, { bytes, sessions: 1 });
        this.totalBytes += bytes;
      }
    }
  }

  /** A session that shares its file is told of when it is done: where in the file it is says nothing. */
  get bytes(): number {
    const now = this.#watches.reduce((sum, { file, watch }) => sum + Math.min(file.bytes, watch.bytes), 0);
    return Math.min(this.totalBytes, Math.round(this.#doneBytes + now));
  }

  begin({ files }: SourceSession): void {
    this.#watches = files.flatMap((path) => {
      const file = this.#files.get(path);
      return file?.sessions === 1 ? [{ file, watch: watchReading(path) }] : [];
    });
  }

  end({ files }: SourceSession): void {
    for (const { watch } of this.#watches) watch.end();
    this.#watches = [];
    for (const path of files) {
      const { bytes = 0, sessions = 1 } = this.#files.get(path) ?? {};
      this.#doneBytes += bytes / sessions;
    }
  }
}
