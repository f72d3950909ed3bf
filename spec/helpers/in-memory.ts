// Imported first by specs to which the disk itself is nothing but a place: what they make lies in memory where the system has
// a directory there with room enough, and else where all specs put it. Every call that a store makes is made there, too.
import { accessSync, constants, statfsSync } from "node:fs";

const IN_MEMORY = "/dev/shm";
/** Files there are the memory of whoever runs the specs, two at a time. */
const LEAST_BYTES = 1024 ** 3;

function hasRoom(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= LEAST_BYTES;
  } catch {
    return false;
  }
}

if (hasRoom(IN_MEMORY)) process.env["TMPDIR"] = IN_MEMORY;
