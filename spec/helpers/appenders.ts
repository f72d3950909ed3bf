// Processes that append numbered lines to the same sessions at once, what they were told, and whether that is so.
import type { Session, Store, StoreOptions } from "../../lib/index.ts";
import { run } from "./processes.ts";
import type { Child } from "./processes.ts";

/** The store that they write to: a directory, or the URL of a database. */
export type Target = string;

export interface AppendersOptions {
  readonly processes: number;
  /** How many lines each of them appends, one after the other. */
  readonly lines: number;
  /** Ten lines go to one session, the next ten to the next one, and each process begins at another. Default 1. */
  readonly sessions?: number;
  readonly store?: StoreOptions;
  /**
   * How long one goes on to write a line, in ms, when that fails: a server that is gone comes back. A line has an id, so one that was
   * there already counts once. Default 0: it ends with the first failure.
   */
  readonly patienceMs?: number;
}

/** What one process has said of its lines, in order. */
interface Told {
  readonly acknowledged: number[];
  /** The codes of what was thrown, and what it said became of the line. */
  readonly failures: string[];
  /** Its exit code, or the signal that ended it. */
  readonly ended: number | string;
}

export interface Appenders {
  readonly children: readonly Child[];
  /** What is acknowledged up to now, of all. */
  readonly acknowledged: () => number;
  readonly told: Promise<Told[]>;
}

const SQL = new URL("../../dist/lib/sql.js", import.meta.url).href;

/** Says `done N` when line N is acknowledged, `failed N CODE WRITTEN` when it is not; begins when it is told to. */
const APPENDER = `
  const [target, by, { lines, sessions = 1, store: options = {}, patienceMs = 0 }, sql] = args;
  const isUrl = /^[a-z]+:/.test(target);
  const store = isUrl ? await (await import(sql)).openSqlStore(target, options) : await turnlog.openStore(target, options);
  const handles = Array.from({ length: sessions }, (_, k) => store.session("s" + k, { create: true }));
  say("ready");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  process.stdin.destroy();
  for (let n = 0; n < lines; n++) {
    const endsAt = Date.now() + patienceMs;
    for (;;) {
      try {
        await handles[(Math.floor(n / 10) + by) % sessions].append({ id: by + "-" + n, by, n });
        say("done " + n);
        break;
      } catch (error) {
        say("failed " + n + " " + error.code + " " + error.written);
        if (Date.now() >= endsAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
  await store.close();`;

/** Starts them; they write from the moment when all have opened the store. */
export async function append(target: Target, options: AppendersOptions): Promise<Appenders> {
  const children = Array.from({ length: options.processes }, (_, by) => run(APPENDER, target, by, options, SQL));
  try {
    for (const { lines, ended } of children) {
      const first = await lines.next();
      if (first.value !== "ready") throw new Error(`an appender ended with ${await ended}`);
    }
  } catch (error) {
    for (const child of children) child.process.kill("SIGKILL");
    throw error;
  }
  let count = 0;
  const told = children.map(async ({ lines, ended }) => {
    const acknowledged: number[] = [];
    const failures: string[] = [];
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      const [what, n, ...rest] = next.value.split(" ");
      if (what === "done") count = acknowledged.push(Number(n)) && count + 1;
      else failures.push(rest.join(" "));
    }
    return { acknowledged, failures, ended: await ended };
  });
  for (const { process } of children) process.stdin?.write("go\n");
  return { children, acknowledged: () => count, told: Promise.all(told) };
}

/** Nothing is in its lists where all is well. */
export interface Verdict {
  readonly acknowledged: number;
  readonly shown: number;
  /** Acknowledged, and not there. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly doubled: readonly string[];
  /** There before a line that its writer wrote earlier, or in a session where it was not written. */
  readonly misplaced: readonly string[];
  /** Of each session; one where nobody wrote in another's past. */
  readonly branches: readonly number[];
}

/** Reads the sessions, and compares them with what their writers have said. */
export async function judge(
  store: Pick<Store<any, any>, "session">,
  told: readonly Told[],
  sessions = 1,
): Promise<Verdict> {
  const seen = new Set<string>();
  const doubled: string[] = [];
  const misplaced: string[] = [];
  const branches: number[] = [];
  for (let k = 0; k < sessions; k++) {
    const session: Session<any, any> = store.session(`s${k}`);
    const last = new Map<number, number>();
    for await (const { data } of session.messages()) {
      const { by, n } = data as { by: number; n: number };
      const name = `${by}-${n}`;
      if (seen.has(name)) doubled.push(name);
      seen.add(name);
      if ((Math.floor(n / 10) + by) % sessions !== k || n < (last.get(by) ?? 0)) misplaced.push(name);
      last.set(by, n);
    }
    branches.push((await session.branches()).length);
  }
  const names = told.flatMap(({ acknowledged }, by) => acknowledged.map((n) => `${by}-${n}`));
  return {
    acknowledged: names.length,
    shown: seen.size,
    lost: names.filter((name) => !seen.has(name)),
    doubled,
    misplaced,
    branches,
  };
}
