// A store in memory with one log in it, whose bytes a spec sets: thousands of damaged logs in seconds.
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { settingsOf } from "../../lib/base/options.ts";
import { MemoryVfs } from "../../lib/disk/memory-vfs.ts";
import type { Store, VerifyProblem } from "../../lib/index.ts";
import { rooms } from "../../lib/open.ts";
import { openOn } from "../../lib/store/open-on.ts";
import { collect } from "./stores.ts";

export class MemoryLog {
  readonly vfs: MemoryVfs;
  readonly store: Store<any, any>;
  /** Where the log of this machine lies. */
  readonly path: string;

  private constructor(vfs: MemoryVfs, store: Store<any, any>, name: string) {
    this.vfs = vfs;
    this.store = store;
    this.path = `${store.path}/sessions/${store.machine}/2025-06/${name}.jsonl`;
  }

  static async open(name: string): Promise<MemoryLog> {
    const vfs = new MemoryVfs();
    return new MemoryLog(vfs, await openOn(vfs, "/memory", settingsOf({}), rooms), name);
  }

  async set(bytes: Buffer, path: string = this.path): Promise<void> {
    this.vfs.remove(path);
    this.vfs.makeDirectory(dirname(path));
    this.vfs.open(path, "create").write(bytes, bytes.length);
    // A look at a log serves for its turn of the event loop.
    await setImmediate();
  }

  get(path: string = this.path): Buffer {
    const file = this.vfs.open(path, "read");
    const bytes = Buffer.alloc(file.stat().size);
    file.read(bytes, 0, bytes.length, 0);
    return bytes;
  }

  async verify(): Promise<VerifyProblem[]> {
    return await collect(this.store.verify());
  }
}
