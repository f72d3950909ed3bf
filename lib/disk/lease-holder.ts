// Who holds a lease, and whether they are still there. No wall clock decides. On this system the kernel is asked: a
// thread that is gone, or whose number another one has by now, is dead, and one that is stopped is alive. Of what runs
// elsewhere, on another host or in another container, only the heartbeat tells.
import { hostname, uptime } from "node:os";
import { errno } from "../base/errors.ts";
import type { LeaseHolder } from "../base/errors.ts";
import type { Vfs } from "./vfs.ts";

/** A thread of a process, so that no other in the world is taken for it. */
export interface Holder extends LeaseHolder {
  /** This start of the system; with procfs only, as all that follows. */
  readonly boot?: string;
  /** Where pids are counted: two containers have a process 1 each. */
  readonly namespace?: string;
  /** The thread's number in the kernel, and when it began, in ticks since the system started: numbers come again. */
  readonly task?: number;
  readonly started?: string;
}

/** `unknown`: its heartbeat tells. */
export type Verdict = "alive" | "dead" | "unknown";

/** Where procfs is to be expected. Elsewhere pids are counted once for the whole host. */
const HAS_PROC = process.platform === "linux";

/** What the kernel knows of a thread. */
type Thread = Omit<Holder, "thread" | "since">;

let self: Thread | undefined;

/** The thread that this is. */
export function thisThread(vfs: Vfs): Thread {
  self ??= { host: hostname(), pid: process.pid, ...(HAS_PROC && inKernel(vfs)) };
  return self;
}

function inKernel(vfs: Vfs): Partial<Thread> {
  const boot = vfs.readText("/proc/sys/kernel/random/boot_id")?.trim();
  const namespace = vfs.stat("/proc/self/ns/pid");
  if (boot === undefined || namespace === undefined) return {};
  // A call of ours is made by the thread that this is.
  const task = Number(/\/task\/(\d+)$/.exec(vfs.realPath("/proc/thread-self"))?.[1] ?? Number.NaN);
  const started = startOf(vfs, process.pid, task);
  return started === undefined ? {} : { boot, namespace: `${namespace.dev}:${namespace.ino}`, task, started };
}

/** `heartbeatMs` is when it was heard last, by the clock of the file system. */
export function judge(vfs: Vfs, holder: Holder, heartbeatMs: number): Verdict {
  const here = thisThread(vfs);
  if (holder.host !== here.host) return "unknown";
  if (holder.boot !== here.boot) {
    // The same machine, started anew since: unless another one has the same name and writes here.
    const isKnown = holder.boot !== undefined && here.boot !== undefined;
    return isKnown && heartbeatMs < Date.now() - uptime() * 1000 ? "dead" : "unknown";
  }
  if (holder.namespace !== here.namespace || (HAS_PROC && here.namespace === undefined)) return "unknown";
  if (here.started === undefined || holder.task === undefined) {
    // Without procfs nothing tells a pid from the same one, given again.
    return isPid(holder.pid) ? "unknown" : "dead";
  }
  const started = startOf(vfs, holder.pid, holder.task);
  if (started !== undefined) return started === holder.started ? "alive" : "dead";
  // Gone, or hidden from us, as other users' processes can be.
  return vfs.stat(`/proc/${holder.pid}`) === undefined && isPid(holder.pid) ? "unknown" : "dead";
}

/** Undefined: there is no such thread, or it has ended and only waits to be asked for its exit code. */
function startOf(vfs: Vfs, pid: number, task: number): string | undefined {
  let stat: string | undefined;
  try {
    stat = vfs.readText(`/proc/${pid}/task/${task}/stat`);
  } catch (error) {
    // It ended while we read.
    if (errno(error) !== "ESRCH") throw error;
  }
  // The name of the program is in brackets, and may have any character in it.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields ?? [];
  return state === "Z" || state === "X" ? undefined : fields?.[19];
}

function isPid(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) !== "ESRCH";
  }
}
