// What a log says, as a checksum: that of its lines, each once, in the order of their stamps. What is no line does not count.
import { crypto } from "../../base/crypto.ts";
import { OpenFile } from "../../disk/descriptors.ts";
import { readLog } from "../read/content.ts";
import type { StoreState } from "../state.ts";

/** So much is read at a time, if no line alone is longer. */
const BATCH_BYTES = 1024 * 1024;

export interface LogSum {
  readonly lines: number;
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly checksum: string;
}

/** Undefined: there is no log at this path, nor its archived form. */
export async function sumOf(store: StoreState, path: string): Promise<LogSum | undefined> {
  const { vfs, layout, unpacked } = store;
  const found = [path, layout.packed(path)].find((each) => vfs.stat(each) !== undefined);
  if (found === undefined) return undefined;
  const open = new OpenFile(vfs.open(await unpacked.readable(found), "read")).pin();
  open.drop();
  try {
    const { lines } = await readLog(open);
    const hash = crypto().createHash("sha256");
    let bytes = 0;
    for (let first = 0; first < lines.length;) {
      const from = lines[first]?.offset ?? 0;
      let end = first;
      let to = from;
      for (let line = lines[end]; line !== undefined && line.offset >= to; line = lines[end]) {
        if (end > first && line.offset + line.length - from > BATCH_BYTES) break;
        to = line.offset + line.length;
        end++;
      }
      const batch = Buffer.allocUnsafe(to - from);
      await open.file.readLater(batch, 0, batch.length, from);
      for (const { offset, length } of lines.slice(first, end)) {
        hash.update(batch.subarray(offset - from, offset - from + length)).update("\n");
        bytes += length + 1;
      }
      first = end;
    }
    return { lines: lines.length, bytes, checksum: hash.digest("hex") };
  } finally {
    open.unpin();
  }
}
