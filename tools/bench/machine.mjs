// Where the figures come from: they mean little without it.
import fs from "node:fs";
import os from "node:os";

/** The types that statfs() of Linux knows, of the file systems that one meets. */
const FILE_SYSTEMS = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x2fc12fc1, "zfs"],
  [0xf2f52010, "f2fs"],
  [0x01021994, "tmpfs"],
  [0x794c7630, "overlay"],
  [0x6969, "nfs"],
]);

/**
 * @param {string} directory
 * @returns {string}
 */
export function describeMachine(directory) {
  const cpus = os.cpus();
  const { type } = fs.statfsSync(directory);
  const fileSystem = FILE_SYSTEMS.get(type) ?? `file system 0x${type.toString(16)}`;
  const model = cpus[0]?.model.trim() ?? "unknown processor";
  return `${model}, ${cpus.length} cores; Node ${process.versions.node}, ${os.type()} ${os.release()}, ${fileSystem}`;
}
