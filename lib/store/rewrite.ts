// Puts another log in the place of this machine's log of a session: a stub, or the union of a stub and what the trash has.
import { oldOf } from "../disk/names.ts";
import type { OpenFile } from "../disk/descriptors.ts";
import type { LineHead } from "../line/decode.ts";
import type { LogWriter } from "../log/writer.ts";
import { replaceLog } from "../log/replace.ts";
import type { LogContent } from "./content.ts";
import { exclusively } from "./exclusively.ts";
import { refresh } from "./load.ts";
import { keepLost } from "./lost-found.ts";
import type { SessionState } from "./session-state.ts";

interface FileLine {
  readonly line: LineHead;
  readonly open: OpenFile;
}

/** Lets an old log go that an earlier replacement left beside this one; without a record all of it is taken over. */
export async function settleOld(session: SessionState, writer: LogWriter): Promise<void> {
  const { vfs, replaced } = session.store;
  const { path } = writer.log;
  const old = oldOf(path);
  if (vfs.stat(old) === undefined) return;
  await replaced.drop(replaced.recall(path) ?? { path, old, drained: 0, replacedAt: 0 });
  // A look of this very millisecond does not serve: the files are others now.
  session.forget();
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
  const { store } = session;
  const owner = { name: session.name, machine: store.machine };
  for (const fragment of content.fragments) await keepLost(store, { ...fragment, ...owner });
  const { path } = writer.log;
  session.lease?.check();
  session.forget();
  writer.log.forget();
  const pieces = lines.map(({ line, open }) => ({ file: open.file, offset: line.offset, length: line.length }));
  const replaced = await replaceLog(store.vfs, store.layout.aside, path, content.size, pieces, (each) =>
    store.replaced.remember(each),
  );
  store.replaced.dropLater(replaced, (drop) => exclusively(session, drop));
  session.generation = -1;
}
