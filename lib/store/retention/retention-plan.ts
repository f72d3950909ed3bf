// What a retention policy would take. Nothing is written.
import { ArgumentError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { checkPolicy } from "../../base/retention.ts";
import type { RetentionObstacle, RetentionOptions, RetentionPlan, RetentionPolicy } from "../../base/retention.ts";
import type { SessionInfo } from "../../base/session-info.ts";
import { encodeName, isArchived, machineIn } from "../../disk/names.ts";
import { parseStamp } from "../../line/stamp.ts";
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import { attachmentSizes } from "../blobs/attachment-sizes.ts";
import type { Moment } from "../clock.ts";
import { isAsSeen, shownInfo } from "../list/describe.ts";
import { renew } from "../list/list.ts";
import { choose } from "./retention-limits.ts";
import type { Candidate } from "./retention-limits.ts";
import type { StoreState } from "../state.ts";
import { walk } from "../list/walk.ts";

/** Without leases nobody can tell who writes: what we wrote so lately counts as written to now. */
const LATELY_MS = 1000;
/** What a policy that is kept by itself leaves alone: somebody may be in the middle of it. */
const OWN_MS = 600_000;

interface Listed extends Candidate {
  readonly title: string | undefined;
  readonly messages: number;
  readonly last: string;
}

/** `isAutomatic`: nobody has asked for it. */
export async function planRetention(
  store: StoreState,
  given: RetentionPolicy | undefined,
  options: RetentionOptions,
  isAutomatic = false,
): Promise<RetentionPlan> {
  checkOptions("retention.plan", options, ["signal"]);
  const policy = given ?? store.settings.retention;
  if (policy === undefined) throw new ArgumentError("INVALID_ARGUMENT", "retention.plan() takes a policy");
  checkPolicy(policy);
  const moment = store.clock.now();
  const entries: CatalogEntry[] = [];
  for await (const seen of walk(store, "updated", -1, undefined, { all: true }, false)) {
    options.signal?.throwIfAborted();
    const entry = isAsSeen(store, seen) ? seen : await renew(store, seen);
    // What somebody has put away takes no room among those in use, and stays.
    if (entry.kind !== "deleted" && entry.logs.length > 0 && !isAway(store, entry)) entries.push(entry);
  }
  const newestFirst = entries.toSorted((a, b) => (a.updated < b.updated ? 1 : -1));
  const sizes = policy.maxSizeMB === undefined ? undefined : await attachmentSizes(store, newestFirst, options.signal);
  const candidates = entries.map((entry) => candidateOf(store, entry, policy, moment, sizes?.get(entry.name) ?? 0));
  const isUsed = ({ id }: Listed): boolean => isInUse(store, id, isAutomatic);
  const { items, kept } = choose(candidates, policy, moment.ms, isUsed);
  const bytes = items.reduce((sum, { candidate }) => sum + candidate.bytes, 0);
  const all = candidates.reduce((sum, each) => sum + each.bytes, 0);
  return {
    policy,
    items: items.map(({ candidate: { id, title, parent, atMs, messages, last, ...rest }, reason }) => ({
      id,
      ...(title !== undefined && { title }),
      ...(parent !== undefined && { parent }),
      reason,
      bytes: rest.bytes,
      messages,
      at: new Date(atMs).toISOString(),
      last,
    })),
    bytes,
    kept,
    left: { sessions: candidates.length - items.length, bytes: all - bytes },
    ...(moment.doubt !== undefined && { doubt: moment.doubt }),
  };
}

/** Where there is no other place for what is archived, the mark alone tells. */
function isAway({ remote }: StoreState, { logs, info }: CatalogEntry): boolean {
  return remote === undefined ? logs.some(({ directory }) => isArchived(directory)) : info["archived"] === true;
}

function candidateOf(
  store: StoreState,
  entry: CatalogEntry,
  policy: RetentionPolicy,
  moment: Moment,
  attachments: number,
): Listed {
  const shown = shownInfo(entry) as SessionInfo;
  const time = parseStamp(policy.by === "created" ? entry.created : entry.updated)?.ms ?? moment.ms;
  return {
    id: entry.id,
    parent: shown.parent,
    atMs: Math.min(time, moment.ms),
    bytes: entry.logs.reduce(
      (sum, { directory, print }) => sum + (isArchived(directory) ? 0 : print.size),
      attachments,
    ),
    obstacle: obstacleOf(store, entry, shown, policy),
    title: shown.title,
    messages: shown.messages,
    last: entry.updated,
  };
}

function obstacleOf(
  store: StoreState,
  { id, kind, logs }: CatalogEntry,
  shown: SessionInfo,
  { keep }: RetentionPolicy,
): RetentionObstacle | undefined {
  if (kind === "damaged") return "damaged";
  if (shown.pinned === true) return "pinned";
  if (logs.some(({ directory }) => !store.isOwn(machineIn(directory)))) return "machines";
  const isKept = typeof keep === "function" ? keep(shown) : Array.isArray(keep) && keep.includes(id);
  return isKept ? "kept" : undefined;
}

/** True when somebody writes to the session, or has a moment ago. */
export function isInUse(store: StoreState, id: string, isAutomatic: boolean): boolean {
  const wroteAt = store.sessions.get(id)?.wroteAt ?? Number.NEGATIVE_INFINITY;
  const age = Math.abs(Date.now() - wroteAt);
  if (isAutomatic && age < OWN_MS) return true;
  return store.leases === undefined ? age < LATELY_MS : store.leases.isLive(encodeName(id));
}
