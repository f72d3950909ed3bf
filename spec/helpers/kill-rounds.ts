// Writers that are killed at any moment, and what they have acknowledged: in a file of their own, line by line, so that nothing
// of it is lost with them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./processes.ts";
import type { Child } from "./processes.ts";

const SQL = new URL("../../dist/lib/sql.js", import.meta.url).href;

/** What a writer has said, in order: what it was about to write, and then that it was acknowledged. */
export interface Said {
  readonly id: string;
  readonly isAcknowledged: boolean;
}

/** When, by the machine's monotonic clock, in ns: after the acknowledgement. */
interface Told extends Said {
  readonly atNs: number;
}

/**
 * Writes to its session until it ends: single messages, batches of three, now and then an edit, a truncation of nothing, a long
 * line, a session that is made anew. Says `begin ID` before each commit and `done ID` after it.
 */
const WRITER = `
  const [target, name, saidAt, options, sql] = args;
  const { openSync, writeSync: write } = await import("node:fs");
  const said = openSync(saidAt, "a");
  const tell = (text) => write(said, text + "\\n");
  // Where the disk goes away under it, it ends.
  process.on("uncaughtException", (error) => { tell("failed " + error.code); process.exit(1); });
  const isUrl = /^[a-z]+:/.test(target);
  const open = isUrl ? (await import(sql)).openSqlStore : turnlog.openStore;
  const store = await open(target, options.store ?? {});
  const session = store.session(name, { create: true });
  const text = "x".repeat(options.bytes ?? 200);
  for (let n = 0; options.most === undefined || n < options.most; n++) {
    const id = process.pid + "-" + n;
    tell("begin " + id);
    if (n % 5 === 4) await session.append(["a", "b", "c"].map((each) => ({ id: id + each, of: id, text })));
    else if (n % 7 === 6 && n > 7) await session.commit((c) => { c.append({ id, of: id, text }); c.update({ title: id }); });
    else await session.append({ id, of: id, text });
    tell("done " + id + " " + process.hrtime.bigint());
    if (n === 0) say("ready");
    if (n % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
  }
  await store.close();`;

export interface WriterOptions {
  readonly store?: object;
  readonly bytes?: number;
  readonly most?: number;
}

export function saidAt(directory: string, session: string): string {
  return join(directory, `${session}.said`);
}

/** `target`: a directory, or the URL of a database. */
export function writer(target: string, session: string, said: string, options: WriterOptions = {}): Child {
  return run(WRITER, target, session, said, options, SQL);
}

/** What all writers of a session have said. A line that was cut by the kill was said of nothing yet. */
export function saidBy(path: string): Told[] {
  const said = new Map<string, number | undefined>();
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch {
    return [];
  }
  for (const line of text.split("\n").slice(0, -1)) {
    const [what, id, atNs] = line.split(" ") as [string, string, string | undefined];
    if (what !== "failed") said.set(id, what === "done" ? Number(atNs) : undefined);
  }
  return [...said].map(([id, atNs]) => ({ id, isAcknowledged: atNs !== undefined, atNs: atNs ?? Infinity }));
}

export interface Verdict {
  readonly acknowledged: number;
  readonly shown: number;
  /** Acknowledged, and not there. */
  readonly lost: string[];
  /** There by half: a commit of three of which one or two are seen. */
  readonly half: string[];
  /** There, and nobody was about to write it; or there twice; or out of order. */
  readonly wrong: string[];
}

/** Compares the messages of a session with what its writers have said. */
export function judge(
  messages: readonly { readonly id: string; readonly data: { readonly of: string } }[],
  said: readonly Said[],
): Verdict {
  const order = new Map(said.map(({ id }, index) => [id, index]));
  const groups = new Map<string, number>();
  const wrong: string[] = [];
  const seen = new Set<string>();
  let last = -1;
  for (const { id, data } of messages) {
    const index = order.get(data.of);
    if (index === undefined || seen.has(id) || index < last) wrong.push(id);
    seen.add(id);
    last = index ?? last;
    groups.set(data.of, (groups.get(data.of) ?? 0) + 1);
  }
  const isBatch = (id: string): boolean => Number(id.split("-")[1]) % 5 === 4;
  return {
    acknowledged: said.filter(({ isAcknowledged }) => isAcknowledged).length,
    shown: messages.length,
    lost: said.filter(({ id, isAcknowledged }) => isAcknowledged && !groups.has(id)).map(({ id }) => id),
    half: [...groups].filter(([id, count]) => count !== (isBatch(id) ? 3 : 1)).map(([id]) => id),
    wrong,
  };
}
