// Locks that no process of ours has made: what a spec plants in their place.
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { thisThread } from "../../lib/disk/lease-holder.ts";
import type { Holder } from "../../lib/disk/lease-holder.ts";
import { NodeVfs } from "../../lib/disk/node-vfs.ts";

/** The one machine's leases. */
export function leasesIn(directory: string): string {
  const leases = join(directory, ".cache", "leases");
  const [machine, ...others] = readdirSync(leases);
  if (machine === undefined || others.length > 0) throw new Error("not one machine");
  return join(leases, machine);
}

/** The tokens of a session's lock. */
export function tokensOf(directory: string, name: string): string[] {
  try {
    return readdirSync(join(leasesIn(directory), `${name}.lock`));
  } catch {
    return [];
  }
}

/** What the holder of a session's lock says of itself. */
export function holderOf(directory: string, name: string): Holder {
  const [token] = tokensOf(directory, name);
  return JSON.parse(readFileSync(join(leasesIn(directory), `${name}.lock`, token!), "utf8")) as Holder;
}

/** A holder as this thread would be, but for what is given. */
export function holder(given: Partial<Holder> = {}): Holder {
  return { ...thisThread(new NodeVfs()), thread: 0, since: new Date().toISOString(), ...given };
}

/** One that ended: its pid is that of this process, which began at another time. */
export const DEAD: Partial<Holder> = { started: "1" };

/** Puts a lock there. -> the path of its file */
export function plant(lock: string, content: Holder | string, token = "planted", heartbeat = new Date()): string {
  const path = join(lock, token);
  mkdirSync(lock, { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  utimesSync(path, heartbeat, heartbeat);
  return path;
}
