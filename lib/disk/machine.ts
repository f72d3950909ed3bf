// Which folders of the store are ours. The answer is kept for each binding of a machine to a place, so that a store that
// was copied with its cache, a restored image and a second checkout each get a folder of their own.
//
// A record has an id a line: the first names the folder that new logs go to, the others were adopted.
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crypto } from "../base/crypto.ts";
import { errno } from "../base/errors.ts";
import { Aside } from "./aside.ts";
import { encodeName } from "./names.ts";
import type { Layout } from "./names.ts";
import type { FileStat, Vfs } from "./vfs.ts";

const MACHINE = /^[a-z0-9_%~-][a-z0-9._%~-]*$/;
const SUFFIX = /-[a-z0-9]{8}$/;
const ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
/** So often another process may write the record at the same moment. */
const MOST_TRIES = 10;
/** One tick of the slowest clock of a file system, and a little. */
const TICK_MS = 11;
/** So often a directory is changed to see whether its birth is another time. */
const MOST_TICKS = 3;
/** A directory that has changed since is as it will be. */
const YOUNG_MS = 1000;
/** What a file system says of the machine that it is on. */
const systems = new WeakMap<Vfs, string>();

/** True for what a machine's folder can be called. */
export function isMachineName(name: string): boolean {
  return MACHINE.test(name) && SUFFIX.test(name) && name.length <= 255;
}

/**
 * What the store's directory is, for machinesOf(): when its birth can be told from its last change, or never will be. In the
 * tick of the clock in which it is made the two are equal, and whoever took that for an answer would get another folder the
 * next time.
 */
export async function rootOf(vfs: Vfs, path: string, seen?: FileStat): Promise<FileStat | undefined> {
  let stat = seen ?? vfs.stat(path);
  for (let tries = 0; tries < MOST_TICKS && !vfs.isVolatile; tries++) {
    if (stat === undefined || stat.birthtimeMs !== stat.ctimeMs || Date.now() - stat.ctimeMs > YOUNG_MS) break;
    await sleep(TICK_MS);
    try {
      vfs.setTime(path, Date.now());
    } catch (error) {
      if (errno(error) === undefined) throw error;
      break;
    }
    stat = vfs.stat(path);
  }
  return stat;
}

/**
 * This machine's folders in this store, the one for new logs first: a readable name and 8 random characters. Made at the first
 * call. `root`: what the store's directory is.
 */
export function machinesOf(vfs: Vfs, layout: Layout, name: string | undefined, root: FileStat | undefined): string[] {
  const path = recordOf(vfs, layout, root);
  const text = vfs.readText(path);
  const known = parse(text);
  if (known.length > 0) return known;
  const suffix = Array.from(crypto().randomBytes(8), (byte) => ID_CHARACTERS[byte % ID_CHARACTERS.length]).join("");
  const machine = `${encodeName(name ?? (hostname() || "machine"))
    .slice(0, 100)
    .replace(/%[0-9a-f]?$/, "")}-${suffix}`;
  const aside = new Aside(vfs, layout.aside);
  aside.write(`${machine}\n`);
  if (text !== undefined) {
    // A power loss can leave a record without its content, or NULs in its place.
    aside.replace(path);
    return [machine];
  }
  try {
    aside.publish(path);
    return [machine];
  } catch (error) {
    // Another process was first: its answer holds.
    const others = errno(error) === "EEXIST" ? parse(vfs.readText(path)) : [];
    if (others.length > 0) return others;
    throw error;
  }
}

/** Makes the folder `machine` one of ours, durably, for every later open of the store here, whose folder is `first`. */
export async function keepMachine(vfs: Vfs, layout: Layout, first: string, machine: string): Promise<void> {
  const path = recordOf(vfs, layout, vfs.stat(layout.root));
  for (let tries = 1; ; tries++) {
    const known = parse(vfs.readText(path));
    if (known.includes(machine)) break;
    // Somebody threw the cache away: what this process writes to stays ours with it.
    const all = [...(known.length === 0 ? [first] : known), machine];
    const aside = new Aside(vfs, layout.aside);
    try {
      aside.write(all.map((each) => `${each}\n`).join(""));
      // An empty record would be made anew, and this machine's own id lost with it.
      await aside.file.sync();
      vfs.makeDirectory(layout.machines);
      aside.replace(path);
    } catch (error) {
      if (errno(error) !== "ENOENT" || tries === MOST_TRIES) throw error;
    } finally {
      aside.discard();
    }
  }
  await vfs.syncDirectory(layout.machines);
}

/** The first line that is no id ends it. */
function parse(text: string | undefined): string[] {
  const lines = (text ?? "").split("\n").map((line) => line.trim());
  const end = lines.findIndex((line) => !MACHINE.test(line));
  return [...new Set(lines.slice(0, end === -1 ? lines.length : end))];
}

function recordOf(vfs: Vfs, layout: Layout, root: FileStat | undefined): string {
  return join(layout.machines, bindingOf(vfs, layout, root));
}

function bindingOf(vfs: Vfs, layout: Layout, root: FileStat | undefined): string {
  // A file system that keeps no birth time reports the last change instead, which is no identity.
  const birth = root === undefined || root.birthtimeMs === root.ctimeMs ? 0 : root.birthtimeMs;
  return encodeName([systemId(vfs), root?.ino, birth, layout.root].join(" "));
}

/** The machine id of the system, the host name where there is none. A process stays where it is: it is asked for once. */
function systemId(vfs: Vfs): string {
  let known = systems.get(vfs);
  if (known === undefined) {
    known = readSystemId(vfs);
    systems.set(vfs, known);
  }
  return known;
}

/** Containers of one image share an id, not a name. */
function readSystemId(vfs: Vfs): string {
  const id = vfs.readText("/etc/machine-id")?.trim() || vfs.readText("/var/lib/dbus/machine-id")?.trim();
  const isContainer = vfs.stat("/.dockerenv") !== undefined || vfs.stat("/run/.containerenv") !== undefined;
  return id && !isContainer ? id : `${id ?? ""} ${hostname()}`;
}
