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

/** @typedef {{ processor: string, cores: number, node: string, system: string, fileSystem: string, memoryGB: number }} Machine */

/**
 * @param {string} directory
 * @returns {Machine}
 */
export function machineOf(directory) {
  const cpus = os.cpus();
  const { type } = fs.statfsSync(directory);
  return {
    processor: cpus[0]?.model.trim() ?? "unknown processor",
    cores: cpus.length,
    node: process.versions.node,
    system: `${os.type()} ${os.release()}`,
    fileSystem: FILE_SYSTEMS.get(type) ?? `file system 0x${type.toString(16)}`,
    memoryGB: Math.round(os.totalmem() / 1e9),
  };
}

/** @param {Machine} machine */
export function describeMachine({ processor, cores, node, system, fileSystem, memoryGB }) {
  return `${processor}, ${cores} cores, ${memoryGB} GB; Node ${node}, ${system}, ${fileSystem}`;
}
