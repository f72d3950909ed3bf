// Puts another log in the place of this machine's log of a session: a stub, or the union of a stub and what the trash has.
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "../../base/errors.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { oldOf } from "../../disk/names.ts";
import type { LineHead } from "../../line/decode.ts";
import type { LogWriter } from "../../log/writer.ts";
import { replaceLog } from "../../log/replace.ts";
import type { LineBytes } from "../../log/new-log.ts";
import { readLog } from "../read/content.ts";
import type { LogContent } from "../read/content.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { keepLost } from "../check/lost-found.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";
import { unique } from "../read/unite.ts";
import { LOOKED_MS } from "./replaced.ts";

/** A line where it lies. */
interface FileLine {
  readonly line: Pick<LineHead, "offset" | "length">;
  readonly open: { readonly file: LineBytes["file"] };
}

/** What is to be rewritten: the writer to it, or the log itself. */
type Rewritten = Pick<LogWriter, "log">;

/** Where nobody has a lease: until whoever has an old log open has looked where its path leads. */
export async function untilLooked({ leases, vfs }: StoreState): Promise<void> {
  if (leases === undefined && !vfs.isVolatile) await sleep(LOOKED_MS);
}

/** Lets an old log go that an earlier replacement left beside this one. */
export async function settleOld(session: SessionState, writer: Rewritten): Promise<void> {
  const { vfs, replaced } = session.store;
  const { path } = writer.log;
  if (vfs.stat(oldOf(path)) === undefined) return;
  await replaced.settle(path);
  // A look of this very millisecond does not serve: the files are others now.
  session.forgetPlaces();
  await refresh(session);
}

/** Lets the old log go that a replacement has just left: its bytes are not to stand there for a minute yet. */
export async function dropOldNow(session: SessionState, writer: Rewritten): Promise<void> {
  const { replaced } = session.store;
  await untilLooked(session.store);
  await settleOld(session, writer);
  // What came late stands behind newer lines.
  await replaced.sort(writer.log.path);
  session.forgetPlaces();
}

/** Brings what another file has of the session into this machine's log. */
export async function takeIn(
  session: SessionState,
  writer: Rewritten,
  open: OpenFile | undefined,
  other: OpenFile | undefined,
): Promise<void> {
  if (open === undefined || other === undefined)
    throw new StoreError("IO", "the log was replaced; try again", { session: session.id });
  const content = await readLog(open);
  const added = await readLog(other);
  const all = [...content.lines.map((line) => ({ line, open })), ...added.lines.map((line) => ({ line, open: other }))];
  const owner = { name: session.name, machine: writer.log.machine };
  for (const fragment of added.fragments) await keepLost(session.store, { ...fragment, ...owner });
  await rewrite(session, writer, content, unique(all));
}

/** Replaces this machine's log, of which `content` was read, by these lines. The session must be loaded anew after it. */
export async function rewrite(
  session: SessionState,
  writer: Rewritten,
  content: LogContent,
  lines: readonly FileLine[],
): Promise<void> {
  const { store } = session;
  const owner = { name: session.name, machine: writer.log.machine };
  for (const fragment of content.fragments) await keepLost(store, { ...fragment, ...owner });
  const { path } = writer.log;
  session.lease?.check();
  // What was written a moment ago is in this file: otherwise it would be written again, to the one that takes its place.
  session.writer?.endTurn();
  session.forget();
  writer.log.forget();
  const pieces = lines.map(({ line, open }) => ({ file: open.file, offset: line.offset, length: line.length }));
  const { dev, ino } = content.open;
  const read = { dev, ino, size: content.size };
  const replaced = await replaceLog(store.vfs, store.layout.aside, path, read, pieces, (each) =>
    store.replaced.remember(each),
  );
  store.replaced.dropLater(replaced, (drop) => exclusively(session, drop));
  session.generation = -1;
}
