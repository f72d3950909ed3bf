// A copy of a history that goes its own way: its messages anew, with their ids and their own times.
import { StoreError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { BLOB_MARK } from "../../line/blob.ts";
import { NONE } from "../../line/rows.ts";
import type { Stamp } from "../../line/stamp.ts";
import { attachAll } from "./commit.ts";
import { LogBuilder } from "./builder.ts";
import { createLog } from "./create.ts";
import { exclusively } from "../exclusively.ts";
import { encodeData, redacted } from "./prepare.ts";
import { findAnywhere, findMessage, noMessage } from "./reference.ts";
import { Snapshot } from "../read/snapshot.ts";
import { newWriter } from "./writer-id.ts";
import type { SessionState } from "../session-state.ts";
import { unlessStale } from "../read/stream.ts";
import { uuidv7 } from "./uuid.ts";
import { viewAll } from "../read/view.ts";
import type { View } from "../read/view.ts";

export interface ForkOptions {
  /** The last message that the fork has: its id or its `at`. Default: the newest. */
  at?: string | undefined;
  /** The branch that it is taken from, as branches() names it. Default: the history. */
  branch?: string | undefined;
  /** Default: the title of the session. */
  title?: string | undefined;
  /** The new session's id. Default: a new UUID. */
  id?: string | undefined;
}

/** Writes the fork, which appears whole. -> its id */
export async function fork(session: SessionState, options: ForkOptions): Promise<string> {
  checkOptions("fork", options, ["at", "branch", "title", "id"]);
  const target = session.store.session(options.id ?? uuidv7(Date.now()));
  if (target.store.readOnly !== undefined) throw target.store.readOnly;
  return await unlessStale(session, async () => {
    const source = await viewAll(session, (view) => {
      const rows = select(view, session.id, options);
      return {
        snapshot: new Snapshot(view, rows, true),
        begun: rows.length === 0 ? Date.now() : view.fold.rows.place(rows[0] as number).ms,
        info: new Map(view.fold.info.entries()),
      };
    });
    try {
      if (options.title !== undefined) source.info.set("title", options.title).set("titleSource", "user");
      await exclusively(target, () => write(source, target));
      return target.id;
    } finally {
      source.snapshot.release();
    }
  });
}

/** What a fork is made of. */
interface Source {
  readonly snapshot: Snapshot<object, object>;
  /** The time of the first message, in ms. */
  readonly begun: number;
  readonly info: Map<string, unknown>;
}

async function write({ snapshot, begun, info }: Source, target: SessionState): Promise<void> {
  if (target.store.locator.find(target.name).length > 0) {
    throw new StoreError("EXISTS", `session ${JSON.stringify(target.id)} exists`, { session: target.id });
  }
  await createLog(target, { ms: begun, counter: 0, writer: "" }, async (aside) => {
    const builder = new LogBuilder(aside, newWriter());
    builder.begin(target.id, begun);
    let message: Stamp | undefined;
    for (let first = 0; first < snapshot.length;) {
      const end = first + snapshot.batchFrom(first, false);
      for (const { id, ms, isPart, json } of snapshot.copies(await snapshot.load(first, end))) {
        const copied = await redactedJson(target, json, isPart ? "part" : "message");
        if (isPart) builder.add(ms, { type: "part", id, message, json: copied });
        else message = builder.add(ms, { type: "message", id, json: copied });
      }
      first = end;
    }
    if (info.size > 0) builder.add(Date.now(), { type: "info", json: JSON.stringify(Object.fromEntries(info)) });
    builder.flush();
  });
  if (target.writer !== undefined) target.store.background.addWriter(target.writer);
}

async function redactedJson(target: SessionState, json: string, kind: "message" | "part"): Promise<string> {
  // Copied as it stands, character by character, where nobody wants to see it.
  if (target.store.settings.redact === undefined) return json;
  let data = JSON.parse(json) as object;
  if (json.includes(BLOB_MARK)) {
    const { detachData } = await import("../blobs/attachments.ts");
    ({ data } = await detachData(target, data, "restore"));
  }
  const encoded = encodeData(target, redacted(target, data, kind));
  await attachAll(target, [encoded]);
  return encoded.json;
}

function select(view: View, sessionId: string, { at, branch }: ForkOptions): Uint32Array {
  const { rows, tree, history } = view.fold;
  let list = history.list();
  if (branch !== undefined) {
    const tip = findAnywhere(view, sessionId, branch);
    if (tip === NONE) throw noMessage(sessionId, branch);
    list = history.listOn(tree.way(rows.place(tip)));
  }
  if (at === undefined) return list;
  const end = list.indexOf(findMessage(view, sessionId, at, (row) => list.includes(row)));
  if (end === -1) throw noMessage(sessionId, at);
  return list.subarray(0, end + 1);
}
