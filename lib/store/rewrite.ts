// Puts another log in the place of this machine's log of a session: a stub, or the union of a stub and what the trash has.
import { Aside } from "../disk/aside.ts";
import type { OpenFile } from "../disk/descriptors.ts";
import type { LineHead } from "../line/decode.ts";
import type { LogWriter } from "../log/writer.ts";
import type { Problem } from "../log/pieces.ts";
import { replaceLog } from "../log/replace.ts";
import { scan } from "../log/scan.ts";
import { refresh } from "./load.ts";
import type { SessionState } from "./state.ts";
import { unique } from "./unite.ts";

export interface LogContent {
  readonly open: OpenFile;
  /** How much of the file was read. */
  readonly size: number;
  /** Sorted, each stamp once. */
  readonly lines: LineHead[];
  readonly fragments: readonly Problem[];
}

interface FileLine {
  readonly line: LineHead;
  readonly open: OpenFile;
}

/** All lines of a log, and the pieces that are none. */
export async function readLog(open: OpenFile): Promise<LogContent> {
  const { size } = open.file.stat();
  const lines: LineHead[] = [];
  const problems: Problem[] = [];
  const { end, tail } = await scan(open.file, 0, size, {
    line: (line) => lines.push(line),
    problem: (problem) => problems.push(problem),
  });
  if (tail === "torn") problems.push({ code: "torn", offset: end, length: size - end });
  const fragments = problems.filter(({ code }) => code !== "altered" && code !== "glued");
  return { open, size, fragments, lines: unique(lines.map((line) => ({ line, open }))).map(({ line }) => line) };
}

/** Lets an old log go that an earlier replacement left beside this one; without a record all of it is taken over. */
export async function settleOld(session: SessionState, writer: LogWriter): Promise<void> {
  const { vfs, replaced } = session.store;
  const { path } = writer.log;
  const old = `${path}.old`;
  if (vfs.stat(old) === undefined) return;
  await replaced.drop(replaced.recall(path) ?? { path, old, drained: 0, replacedAt: 0 });
  session.generation = -1;
  await refresh(session);
}

/** Replaces this machine's log, of which `content` was read, by these lines. The session must be loaded anew after it. */
export async function rewrite(
  session: SessionState,
  writer: LogWriter,
  content: LogContent,
  lines: readonly FileLine[],
): Promise<void> {
  for (const fragment of content.fragments) keepFragment(session, content.open, fragment);
  const { store } = session;
  const { path } = writer.log;
  session.forget();
  writer.log.forget();
  const pieces = lines.map(({ line, open }) => ({ file: open.file, offset: line.offset, length: line.length }));
  const replaced = await replaceLog(store.vfs, store.layout.aside, path, content.size, pieces, (each) =>
    store.replaced.remember(each),
  );
  store.replaced.dropLater(replaced, (drop) => session.queue.run(drop));
  session.generation = -1;
}

/** What is no line and not taken over goes to lost+found/. */
export function keepFragment(session: SessionState, open: OpenFile, { offset, length }: Problem): void {
  const { vfs, layout } = session.store;
  const bytes = Buffer.alloc(length);
  const count = open.file.read(bytes, 0, length, offset);
  const aside = new Aside(vfs, layout.aside);
  try {
    aside.write(bytes.subarray(0, count));
    aside.publish(layout.lost(session.name, `${Date.now()}-${offset}`));
  } finally {
    aside.discard();
  }
}
