// The changes of one session, one for each line, whoever writes them. What was told is known for each writer: a writer's
// lines have ascending stamps, so the last one tells of all before it, through compaction, sorting and replaced files.
import type { BlobMode } from "../../base/blob.ts";
import type { ChangeKind, SessionChange } from "../../base/change.ts";
import { ArgumentError, StoreError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { giveWay, heardOfOthers } from "../../base/turn.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import { compareStamps, formatStamp, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { LogFollower } from "../../log/follow.ts";
import { checkBlobs } from "../blobs/give.ts";
import { info } from "../list/info.ts";
import { messageAt } from "./message-at.ts";
import { rounds } from "../list/rounds.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";
import { viewPart } from "./view.ts";
import { Waker } from "../waker.ts";

export interface FollowOptions {
  /** A change's or an entry's `at`: what was written after it comes first. Default: only what is written from now on. */
  from?: string | undefined;
  /** "restore" (default): attachments as the very texts that were given. "reference": what store.blob() takes. */
  blobs?: BlobMode | undefined;
  signal?: AbortSignal | undefined;
}

const KINDS: ReadonlySet<string> = new Set<ChangeKind>([
  "message",
  "part",
  "remove",
  "truncate",
  "purge",
  "head",
  "info",
  "delete",
  "restore",
]);

/** Ends when the store closes; rejects with the signal's reason, and with NOT_FOUND when the session's logs are gone. */
export async function* follow<M extends object, P extends object>(
  store: StoreState,
  id: string,
  options: FollowOptions,
): AsyncGenerator<SessionChange<M, P>> {
  checkOptions("follow", options, ["from", "blobs", "signal"]);
  checkBlobs("follow", options);
  const { signal } = options;
  const from = parseFrom(options.from);
  const waker = new Waker(store.vfs, id);
  const lines = new NewLines();
  yield* rounds(store, waker, signal, async function* (isFirst) {
    const found = await lines.read(store.session(id), isFirst ? { after: from } : undefined, waker, signal);
    // The lines were read after the look at the log: what each of them comes to needs another one.
    heardOfOthers();
    for (const line of found)
      if (KINDS.has(line.type)) yield await changeOf<M, P>(store.session(id), line, options.blobs);
  });
}

class NewLines {
  /** By the logs' paths. */
  #logs = new Map<string, LogFollower>();
  /** For each writer its last line that was told of. */
  readonly #told = new Map<string, Stamp>();

  /** What nobody was told of yet, in order. `first`: of what is there, only what lies after this stamp counts, or nothing. */
  async read(
    session: SessionState,
    first: { readonly after: Stamp | undefined } | undefined,
    waker: Waker,
    signal: AbortSignal | undefined,
  ): Promise<LineHead[]> {
    const files = await viewPart(session, (view) => pinned(view.logs, view.files), true);
    // Watched before it is read: what is written from now on is read below, or wakes.
    waker.watch([...files.keys()]);
    const found: LineHead[] = [];
    const logs = new Map<string, LogFollower>();
    const isOld = (stamp: Stamp): boolean =>
      first !== undefined && (first.after === undefined || compareStamps(stamp, first.after) <= 0);
    try {
      for (const [path, { file }] of files) {
        const log = this.#logs.get(path) ?? new LogFollower();
        logs.set(path, log);
        const pass = (line: LineHead): void => {
          if (isOld(line.stamp)) this.#tell(line.stamp);
          else if (this.#isNew(line.stamp)) found.push(line);
        };
        await log.read(file, pass, signal);
      }
    } finally {
      for (const open of files.values()) open.unpin();
    }
    this.#logs = logs;
    // Two logs can have one line; one that was replaced by its merged copy has it twice.
    const lines = found
      .sort((a, b) => compareStamps(a.stamp, b.stamp))
      .filter((line, index) => index === 0 || compareStamps((found[index - 1] as LineHead).stamp, line.stamp) !== 0);
    for (const { stamp } of lines) this.#tell(stamp);
    return lines;
  }

  #isNew(stamp: Stamp): boolean {
    const told = this.#told.get(stamp.writer);
    return told === undefined || compareStamps(stamp, told) > 0;
  }

  #tell(stamp: Stamp): void {
    if (this.#isNew(stamp)) this.#told.set(stamp.writer, stamp);
  }
}

function pinned(logs: readonly { readonly path: string }[], files: readonly OpenFile[]): Map<string, OpenFile> {
  return new Map(logs.map(({ path }, index) => [path, (files[index] as OpenFile).pin()]));
}

async function changeOf<M extends object, P extends object>(
  session: SessionState,
  line: LineHead,
  mode: BlobMode | undefined,
): Promise<SessionChange<M, P>> {
  await giveWay();
  const kind = line.type as ChangeKind;
  const at = formatStamp(line.stamp);
  if (kind === "info") return { kind, at, ...(await infoUnlessDeleted(session)) };
  const place = placeIn(line);
  return place === undefined ? { kind, at } : { kind, at, ...(await messageAt<M, P>(session, place, mode)) };
}

/** The place of the message or part that a line is about. */
function placeIn({ type, stamp, of, message }: LineHead): Stamp | undefined {
  if (type === "message") return of ?? stamp;
  return type === "part" ? message : of;
}

async function infoUnlessDeleted(session: SessionState): Promise<Pick<SessionChange<object, object>, "info">> {
  try {
    return { info: await info(session) };
  } catch (error) {
    if (error instanceof StoreError && error.code === "NOT_FOUND") return {};
    throw error;
  }
}

function parseFrom(from: unknown): Stamp | undefined {
  if (from === undefined) return undefined;
  const stamp = parseStamp(from);
  if (stamp === undefined) throw new ArgumentError("INVALID_CURSOR", "follow() goes on from the `at` of a change");
  return stamp;
}
