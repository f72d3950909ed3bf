// One server with its data in a temporary directory. It ends when the process that started it ends, however that does: a
// shell beside it waits for the end of a pipe that only this process holds.
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";

export interface Kind {
  /** Whom it runs as where we are root. */
  readonly user: string;
  /** The program and its arguments. */
  arguments(data: string, port: number): string[];
  /** Makes its data in a directory that is there and empty. */
  initialise(data: string, user: User | undefined): void;
  /** What its log says when it takes connections. */
  readonly ready: RegExp;
  url(port: number): string;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

const MOST_STARTS = 5;
const START_MS = 60_000;

/**
 * Says the server's pid and waits for it, so that a killed one is gone for those who look whether it runs. A second shell kills it
 * when nobody holds the other end of the pipe any more.
 */
const GUARD = `exec 3<&0; "$@" 3<&- </dev/null & server=$!; echo $server
(while read -r line <&3; do :; done; trap '' TERM; kill -9 $server; rm -rf "$REMOVED") & other=$!
wait $server; kill $other`;

export class ServerProcess {
  readonly #kind: Kind;
  readonly #directory: string = mkdtempSync(join(tmpdir(), "turnlog-server-"));
  readonly #data: string = join(this.#directory, "data");
  readonly #log: string = join(this.#directory, "log");
  readonly #user: User | undefined;
  #port = 0;
  #guard: ChildProcess | undefined;
  #pid = 0;

  private constructor(kind: Kind) {
    this.#kind = kind;
    this.#user = process.getuid?.() === 0 ? userOf(kind.user) : undefined;
    mkdirSync(this.#data, { mode: 0o700 });
    if (this.#user === undefined) return;
    for (const path of [this.#directory, this.#data]) chownSync(path, this.#user.uid, this.#user.gid);
  }

  static async start(kind: Kind): Promise<ServerProcess> {
    const server = new ServerProcess(kind);
    try {
      kind.initialise(server.#data, server.#user);
      for (let tries = 1; ; tries++) {
        server.#port = await freePort();
        try {
          await server.#run();
          return server;
        } catch (error) {
          // Somebody else may have taken the port in the meantime.
          if (tries === MOST_STARTS) throw error;
        }
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get url(): string {
    return this.#kind.url(this.#port);
  }

  async kill(): Promise<void> {
    const pids = this.#pid === 0 ? [] : [this.#pid, ...childrenOf(this.#pid)];
    this.#pid = 0;
    for (const pid of pids) killNow(pid);
    while (pids.some(isThere)) await setTimeout(5);
    const guard = this.#guard;
    this.#guard = undefined;
    if (guard === undefined || guard.exitCode !== null || guard.signalCode !== null) return;
    guard.ref();
    await once(guard, "exit");
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.#run();
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #run(): Promise<void> {
    const said = openSync(this.#log, "w");
    const guard = spawn("/bin/sh", ["-c", GUARD, "guard", ...this.#kind.arguments(this.#data, this.#port)], {
      stdio: ["pipe", "pipe", said],
      cwd: this.#directory,
      env: { ...process.env, REMOVED: this.#directory, LC_ALL: "C" },
      // What interrupts the specs in a terminal ends the server by way of the pipe, when they are through with it.
      detached: true,
      ...this.#user,
    }) as ChildProcessByStdio<Writable, Readable, null>;
    closeSync(said);
    this.#guard = guard;
    const [first] = (await Promise.race([once(guard.stdout, "data"), once(guard, "error")])) as [Buffer | Error];
    if (first instanceof Error) throw first;
    this.#pid = Number(String(first));
    guard.stdout.destroy();
    guard.stdin.on("error", () => undefined);
    (guard.stdin as unknown as { unref(): void }).unref();
    guard.unref();
    const until = Date.now() + START_MS;
    while (!this.#kind.ready.test(this.#said())) {
      if (!isThere(this.#pid) || Date.now() > until) {
        await this.kill();
        throw new Error(`the server does not run: ${this.#said().slice(-2000)}`);
      }
      await setTimeout(20);
    }
  }

  #said(): string {
    return readFileSync(this.#log, "utf8");
  }
}

function userOf(name: string): User {
  const id = (flag: string): number => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A server's processes would go on for a moment after it, and a new one refuses to start beside them. */
function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(statusOf(Number(name))[1]) === parent)
    .map(Number);
}

/** One that has ended and that nobody has asked about is gone when the last of its threads is: that one closes its files. */
function isThere(pid: number): boolean {
  const [state] = statusOf(pid);
  try {
    return state !== undefined && (state !== "Z" || readdirSync(`/proc/${pid}/task`).length > 1);
  } catch {
    return false;
  }
}

/** The state and the parent of a process, as the kernel shows them behind its name. */
function statusOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
