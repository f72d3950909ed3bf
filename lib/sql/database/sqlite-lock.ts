// The lock of SQLite in WebAssembly, which knows no locks of the system: whoever reads or writes makes the directory FILE.lock, and
// removes it. Two things are wrong with that, and are mended here while the engine runs, which is never longer than a call takes.
//
// Who is killed leaves the directory, and nobody can tell that he is gone: all others wait for good. So it is a symbolic link that says
// who made it. It takes one call to make, fails where anything has the name, and leads nowhere.
//
// A reader undoes what a killed writer has begun, unless a writer is at it, which the engine takes any lock for, its own too: what was
// written by half was shown as if it were all. But who asks has the lock, and nobody else can be writing.
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import { resolve } from "node:path";
import { errno } from "../../base/errors.ts";
import { judge, thisThread } from "../../disk/lease-holder.ts";
import type { Holder } from "../../disk/lease-holder.ts";
import { NodeVfs } from "../../disk/node-vfs.ts";

const vfs = new NodeVfs();

/** Each time it is taken has a name of its own. */
type Owner = Holder & { readonly nonce: string };

/** Runs what may take or give back the lock of this database. */
export function locking(database: string): <T>(call: () => T) => T {
  const lock = `${resolve(database)}.lock`;
  return (call) => {
    const { mkdirSync, rmdirSync, accessSync } = fs;
    const instead = <F extends (...values: any[]) => unknown>(usual: F, ours: () => unknown): F =>
      ((path: unknown, ...rest: unknown[]) => (path === lock ? ours() : usual(path, ...rest))) as F;
    fs.mkdirSync = instead(mkdirSync, () => take(lock, mkdirSync));
    fs.rmdirSync = instead(rmdirSync, () => giveBack(lock, rmdirSync));
    fs.accessSync = instead(accessSync, () => {
      throw Object.assign(new Error(`nobody else has ${lock}`), { code: "ENOENT" });
    });
    try {
      return call();
    } finally {
      Object.assign(fs, { mkdirSync, rmdirSync, accessSync });
    }
  };
}

function take(lock: string, makeDirectory: (path: string) => unknown): void {
  try {
    link(lock);
  } catch (error) {
    if (errno(error) !== "EEXIST") {
      // There are no links on this file system, or not for this user.
      makeDirectory(lock);
      return;
    }
    if (!isBroken(lock)) throw error;
    link(lock);
  }
}

function giveBack(lock: string, removeDirectory: (path: string) => unknown): void {
  if (fs.lstatSync(lock, { throwIfNoEntry: false })?.isSymbolicLink() === true) fs.unlinkSync(lock);
  else removeDirectory(lock);
}

function link(path: string): void {
  fs.symlinkSync(JSON.stringify({ ...thisThread(vfs), nonce: randomUUID() }), path);
}

/**
 * Takes away the lock of one who is gone. Of several who see that, the one may who has the claim on this very lock: it cannot go while
 * he has it, and where it has gone before, it is another now. A claim is a lock as well.
 */
function isBroken(lock: string): boolean {
  const text = textOf(lock);
  const owner = text === undefined ? undefined : ownerIn(text);
  if (owner === undefined) return false;
  const since = fs.lstatSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  if (judge(vfs, owner, since) !== "dead") return false;
  const claim = `${lock}-${owner.nonce}`;
  try {
    link(claim);
  } catch (error) {
    if (errno(error) === "EEXIST") isBroken(claim);
    return false;
  }
  try {
    if (textOf(lock) !== text) return false;
    fs.unlinkSync(lock);
    return true;
  } finally {
    fs.unlinkSync(claim);
  }
}

/** Undefined: it is gone, or a directory, of whom nobody knows. */
function textOf(lock: string): string | undefined {
  try {
    return fs.readlinkSync(lock);
  } catch {
    return undefined;
  }
}

function ownerIn(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    return typeof owner?.nonce === "string" && typeof owner.host === "string" ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}
