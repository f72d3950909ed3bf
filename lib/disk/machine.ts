// Which folder of the store is ours. The answer is kept for each binding of a machine to a place, so that a store that
// was copied with its cache, a restored image and a second checkout each get a folder of their own.
import { hostname } from "node:os";
import { join } from "node:path";
import { crypto } from "../base/crypto.ts";
import { errno } from "../base/errors.ts";
import { Aside } from "./aside.ts";
import { encodeName } from "./names.ts";
import type { Layout } from "./names.ts";
import type { Vfs } from "./vfs.ts";

export const MACHINE: RegExp = /^[a-z0-9._%~-]+$/;
const ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** This machine's folder in this store: a readable name and 8 random characters. Made at the first call. */
export function machineOf(vfs: Vfs, layout: Layout, name: string | undefined): string {
  const path = join(layout.machines, bindingOf(vfs, layout));
  const known = vfs.readText(path)?.trim();
  if (known !== undefined && MACHINE.test(known)) return known;
  const suffix = Array.from(crypto().randomBytes(8), (byte) => ID_CHARACTERS[byte % ID_CHARACTERS.length]).join("");
  const machine = `${encodeName(name ?? (hostname() || "machine"))
    .slice(0, 100)
    .replace(/%[0-9a-f]?$/, "")}-${suffix}`;
  const aside = new Aside(vfs, layout.aside);
  aside.write(`${machine}\n`);
  if (known !== undefined) {
    // A power loss can leave a record without its content, or NULs in its place.
    aside.replace(path);
    return machine;
  }
  try {
    aside.publish(path);
    return machine;
  } catch (error) {
    // Another process was first: its answer holds.
    const others = errno(error) === "EEXIST" ? vfs.readText(path)?.trim() : undefined;
    if (others) return others;
    throw error;
  }
}

function bindingOf(vfs: Vfs, layout: Layout): string {
  const root = vfs.stat(layout.root);
  // A file system that keeps no birth time reports the last change instead, which is no identity.
  const birth = root === undefined || root.birthtimeMs === root.ctimeMs ? 0 : root.birthtimeMs;
  return encodeName([systemId(vfs), root?.ino, birth, layout.root].join(" "));
}

/** The machine id of the system, the host name where there is none. Containers of one image share an id, not a name. */
function systemId(vfs: Vfs): string {
  const id = vfs.readText("/etc/machine-id")?.trim() || vfs.readText("/var/lib/dbus/machine-id")?.trim();
  const isContainer = vfs.stat("/.dockerenv") !== undefined || vfs.stat("/run/.containerenv") !== undefined;
  return id && !isContainer ? id : `${id ?? ""} ${hostname()}`;
}
