// Small file systems of a spec's own, mounted for its time. They need root, and tools that not every machine has: where one is
// missing the specs that want it are skipped, and say so.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type FileSystem = "tmpfs" | "ext4" | "xfs";

const MIB = 1024 * 1024;
/** The least that xfs takes. */
const IMAGE_BYTES = 320 * MIB;

export class Mount {
  /** Where the file system is seen. */
  readonly path: string;
  readonly #type: FileSystem;
  readonly #directory: string;
  readonly #image: string;
  readonly #bytes: number;
  #isMounted = false;

  constructor(type: FileSystem, bytes: number = IMAGE_BYTES) {
    this.#type = type;
    this.#bytes = bytes;
    this.#directory = mkdtempSync(join(tmpdir(), "turnlog-mount-"));
    this.path = join(this.#directory, "fs");
    this.#image = join(this.#directory, "image");
    mkdirSync(this.path);
    if (type === "tmpfs") return;
    writeFileSync(this.#image, "");
    truncateSync(this.#image, bytes);
    const options = type === "ext4" ? ["-q", "-F"] : ["-q", "-f"];
    execFileSync(`mkfs.${type}`, [...options, this.#image], { stdio: ["ignore", "ignore", "pipe"] });
  }

  mount(): void {
    const options =
      this.#type === "tmpfs" ? ["-t", "tmpfs", "-o", `size=${this.#bytes}`, "tmpfs"] : ["-o", "loop", this.#image];
    execFileSync("mount", [...options, this.path], { stdio: ["ignore", "ignore", "pipe"] });
    this.#isMounted = true;
  }

  unmount(): void {
    if (!this.#isMounted) return;
    execFileSync("umount", [this.path], { stdio: ["ignore", "ignore", "pipe"] });
    this.#isMounted = false;
  }

  /**
   * The power goes: what is not on the disk is gone, every later operation fails. The journal is not flushed.
   * -> just before that, by the machine's monotonic clock, in ns
   */
  cutPower(): number {
    const script = `
import fcntl, os, struct, sys, time
directory = os.open(sys.argv[1], os.O_RDONLY)
before = time.monotonic_ns()
fcntl.ioctl(directory, 0x8004587d, struct.pack("I", 2))
print(before)`;
    return Number(
      execFileSync("python3", ["-c", script, this.path], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
    );
  }

  remove(): void {
    // A spec that failed may have left files open there.
    if (this.#isMounted) execFileSync("umount", ["--lazy", this.path]);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** True where such a file system can be made and mounted; else it says on stderr what is skipped, and why. */
export function canMount(type: FileSystem, what: string): boolean {
  let mount: Mount | undefined;
  try {
    mount = new Mount(type, type === "tmpfs" ? MIB : IMAGE_BYTES);
    mount.mount();
    if (type !== "tmpfs") mount.cutPower();
    return true;
  } catch (error) {
    process.stderr.write(`SKIPPED: ${what} on ${type}: ${(error as Error).message.split("\n")[0]}\n`);
    return false;
  } finally {
    mount?.remove();
  }
}
