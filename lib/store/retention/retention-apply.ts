// Takes out of a store what a plan names. A plan is a while old: each session is looked at again under its lease.
import { ArgumentError, errno, StoreError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type {
  ApplyOptions,
  EvictedSession,
  RetentionItem,
  RetentionPlan,
  RetentionReport,
  SkippedSession,
} from "../../base/retention.ts";
import { formatStamp } from "../../line/stamp.ts";
import { deleteNext } from "../space/delete.ts";
import { exclusively } from "../exclusively.ts";
import { infoOf } from "../list/info.ts";
import { refresh } from "../read/load.ts";
import { isInUse } from "./retention-plan.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";
import { walk } from "../list/walk.ts";

type Outcome = { readonly evicted: EvictedSession } | { readonly why: SkippedSession["why"] };

/** `isAutomatic`: nobody has asked for it. */
export async function applyRetention(
  store: StoreState,
  plan: RetentionPlan,
  options: ApplyOptions,
  isAutomatic = false,
): Promise<RetentionReport> {
  checkOptions("retention.apply", options, ["onProgress", "signal"]);
  checkPlan(plan);
  if (store.readOnly !== undefined) throw store.readOnly;
  const children = await childrenOf(store, plan, options.signal);
  const evicted: EvictedSession[] = [];
  const skipped: SkippedSession[] = [];
  let bytes = 0;
  for (const item of plan.items) {
    options.signal?.throwIfAborted();
    const outcome = await tryEvict(store, item, children, isAutomatic);
    if ("why" in outcome) {
      skipped.push({ id: item.id, why: outcome.why });
      continue;
    }
    evicted.push(outcome.evicted);
    bytes += outcome.evicted.bytes;
    if (item.parent !== undefined) children.get(item.parent)?.delete(item.id);
    store.events.emit("evicted", outcome.evicted);
    note(store, outcome.evicted);
    options.onProgress?.({ sessions: evicted.length, bytes });
  }
  if (evicted.length > 0) await store.vfs.syncDirectory(store.layout.trash);
  return { evicted, skipped, bytes };
}

function checkPlan(plan: unknown): asserts plan is RetentionPlan {
  const items = (plan as Partial<RetentionPlan> | null)?.items;
  const isItem = ({ id, last, reason }: Partial<RetentionItem>): boolean =>
    [id, last, reason].every((each) => typeof each === "string");
  if (!Array.isArray(items) || !items.every(isItem))
    throw new ArgumentError("INVALID_ARGUMENT", "retention.apply() takes what retention.plan() gives");
}

/** The children of the sessions that would go, as they are now. */
async function childrenOf(
  store: StoreState,
  { items }: RetentionPlan,
  signal: AbortSignal | undefined,
): Promise<Map<string, Set<string>>> {
  const children = new Map(items.map(({ id }) => [id, new Set<string>()]));
  for await (const { id, info, logs } of walk(store, "updated", -1, undefined, { all: true }, false)) {
    signal?.throwIfAborted();
    if (logs.length > 0 && typeof info["parent"] === "string") children.get(info["parent"])?.add(id);
  }
  return children;
}

async function tryEvict(
  store: StoreState,
  item: RetentionItem,
  children: ReadonlyMap<string, ReadonlySet<string>>,
  isAutomatic: boolean,
): Promise<Outcome> {
  try {
    // Nobody is made to wait, or to give up a lease, for a policy's sake.
    if (isInUse(store, item.id, isAutomatic)) return { why: "in use" };
    const session = store.session(item.id);
    return await exclusively(session, () => evict(session, item, children.get(item.id)));
  } catch (cause) {
    if (cause instanceof StoreError && cause.code === "CLOSED") throw cause;
    if (cause instanceof StoreError && cause.code === "SESSION_BUSY") return { why: "in use" };
    store.warn({ code: "upkeep", message: "a session that is over a limit could not go", session: item.id, cause });
    return { why: "failed" };
  }
}

async function evict(
  session: SessionState,
  { reason, last }: RetentionItem,
  children: ReadonlySet<string> = new Set(),
): Promise<Outcome> {
  const { store, id } = session;
  await refresh(session);
  const { fold, logs } = session;
  if (fold?.last === undefined || fold.deletedAt !== undefined) return { why: "gone" };
  if (formatStamp(fold.last) !== last) return { why: "changed" };
  const { title, pinned, bytes } = infoOf(id, fold, logs);
  if (pinned === true) return { why: "pinned" };
  if (logs.some(({ machine }) => !store.isOwn(machine))) return { why: "machines" };
  if (children.size > 0 || hasOpenChild(store, id)) return { why: "children" };
  const deletion = await deleteNext(session, { trash: true });
  const path = store.layout.trashed(session.name, formatStamp(deletion));
  return { evicted: { id, ...(title !== undefined && { title }), reason, bytes, path } };
}

/** One that was made in this process since we looked. */
function hasOpenChild(store: StoreState, id: string): boolean {
  for (const { fold } of store.sessions.values())
    if (fold !== undefined && fold.deletedAt === undefined && fold.info.get("parent") === id) return true;
  return false;
}

/** A line for people who ask where a session went. It is a record, not the truth: where it cannot be written, none is. */
function note({ vfs, layout }: StoreState, { id, title, reason, bytes, path }: EvictedSession): void {
  const at = new Date().toISOString();
  const file = path.slice(layout.root.length + 1).replaceAll("\\", "/");
  const line = `${JSON.stringify({ at, id, title, reason, bytes, file })}\n`;
  try {
    const isThere = vfs.stat(layout.evictions) !== undefined;
    const log = vfs.open(layout.evictions, isThere ? "append" : "create");
    try {
      log.write(line, Buffer.byteLength(line));
    } finally {
      log.close();
    }
  } catch (error) {
    if (errno(error) === undefined) throw error;
  }
}
