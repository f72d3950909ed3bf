// What each line of an import becomes here: nothing, if it is known; a new line; or a newer version of what was imported before.
import { ArgumentError } from "../../base/errors.ts";
import { checkedPatch } from "../../base/session-info.ts";
import { formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { attachAll } from "../write/commit.ts";
import { digestOf } from "./import-state.ts";
import type { ImportState } from "./import-state.ts";
import type { FoundCut, FoundHead, FoundInfo, FoundMessage, FoundPart, Import } from "./import.ts";
import { encode, encodeMessage, encodePart } from "../write/prepare.ts";
import type { Encoded } from "../write/prepare.ts";
import type { SessionState } from "../session-state.ts";

/** True: it is new here. Of two messages with one id and other content the second gets a name of its own. */
export async function takeMessage(run: Import, line: FoundMessage): Promise<boolean> {
  const { session, state, sink, options } = run;
  const { ms } = line;
  if (line.isKnown === true) return false;
  if (line.at !== undefined) return await takeExported(run, line, line.at);
  const encoded = await described(session, encodeMessage(session, line.data));
  const { json } = encoded;
  const digest = digestOf(json);
  for (const id of namesOf(line.id)) {
    const known = state.messages.get(id);
    if (known === undefined) {
      const after = placeToFollow(run, line);
      if (!options.dryRun) await attachAll(session, [encoded]);
      if (after !== undefined && !state.goesOnFrom(after)) sink.add(ms, { type: "head", after });
      sink.add(ms, { type: "message", id, json }, digest);
      return true;
    }
    if (known.digest === undefined || known.digest === digest) return false;
    if (line.isNewest === true) {
      // The source is an older copy of itself: a message says more and more while it is written.
      if (json.length < known.length || known.older?.has(digest) === true) return false;
      if (!options.dryRun) await attachAll(session, [encoded]);
      sink.add(ms, { type: "message", id, of: known.place, json }, digest);
      return false;
    }
    for (const data of line.earlier?.() ?? []) {
      if (digestOf((await described(session, encodeMessage(session, data))).json) !== known.digest) continue;
      if (!options.dryRun) await attachAll(session, [encoded]);
      sink.add(ms, { type: "message", id, of: known.place, json });
      return false;
    }
  }
  return false;
}

/** The place that a new message follows; undefined: that of the line before it. */
function placeToFollow({ session, state, previous }: Import, { follows }: FoundMessage): Stamp | undefined {
  if (follows === null) return rootOf(session, state);
  // The last import left off at an older message, and this one follows the one that came before it nevertheless.
  const id = follows ?? (state.head === undefined ? undefined : previous);
  return id === undefined ? undefined : state.messages.get(id)?.place;
}

/** A line before all messages. */
function rootOf(session: SessionState, { header }: ImportState): Stamp | undefined {
  return header ?? session.fold?.first;
}

export function takeHead({ session, state, sink }: Import, { ms, after }: FoundHead): void {
  const place = after === null ? rootOf(session, state) : state.messages.get(after)?.place;
  if (place !== undefined && !state.goesOnFrom(place)) sink.add(ms, { type: "head", after: place });
}

/** With the JSON that its line will have; nothing is written yet. */
export async function described(session: SessionState, encoded: Encoded): Promise<Encoded> {
  if (encoded.taken !== undefined) {
    const { describe } = await import("../blobs/attachments.ts");
    await describe(session, encoded);
  }
  return encoded;
}

/** The same for one that was exported. An edit since the last import is one more version. */
async function takeExported(run: Import, { ms, id, data }: FoundMessage, at: string): Promise<boolean> {
  const { session, state, sink, native } = run;
  const known = state.messages.get(id);
  if (known === undefined && native.message(at, id) !== undefined) return false;
  const json = await newJson(run, encodeMessage(session, data), known?.digest, known !== undefined);
  if (json !== undefined) sink.add(ms, { type: "message", id, of: known?.place, json });
  return known === undefined;
}

export async function takePart(
  run: Import,
  { message: { id: owner, at: ownerAt }, ...part }: FoundPart,
): Promise<void> {
  const { session, state, sink, native } = run;
  const message = state.messages.get(owner)?.place ?? native.message(ownerAt ?? "", owner);
  // The message could not be taken over.
  if (message === undefined) return;
  const { id, ms, at, data } = part;
  const known = state.part(message, id);
  if (known === undefined && native.hasPart(message, at ?? "", id)) return;
  const json = await newJson(run, encodePart(session, data), known?.digest, known !== undefined);
  if (json !== undefined) sink.add(ms, { type: "part", message, id, of: known?.place, json });
}

/** The JSON of what is new, or other than it was when it was imported last; its attachments are kept then. */
async function newJson(
  { session, options }: Import,
  given: Encoded,
  digest: string | undefined,
  isKnown: boolean,
): Promise<string | undefined> {
  const encoded = await described(session, given);
  if (isKnown && (digest === undefined || digest === digestOf(encoded.json))) return undefined;
  if (!options.dryRun) await attachAll(session, [encoded]);
  return encoded.json;
}

/** False: the store refuses it, so that no import has it. */
export function fits(session: SessionState, data: object): boolean {
  try {
    encodeMessage(session, data);
    return true;
  } catch (error) {
    if (error instanceof ArgumentError) return false;
    throw error;
  }
}

export function* namesOf(id: string): Generator<string, never> {
  yield id;
  for (let number = 2; ; number++) yield `${id}~${number}`;
}

export function takeInfo({ session, state, sink, native }: Import, { ms, patch, isRest }: FoundInfo): void {
  // Compared as it is written: with lone surrogates replaced.
  const json = encode(session, Object.fromEntries(checkedPatch(patch)));
  const entries = Object.entries(JSON.parse(json) as object);
  const set = state.newInfo(new Map(entries.filter(([key, value]) => isRest !== true || !native.isSo(key, value))));
  if (set.size > 0) sink.add(ms, { type: "info", json: JSON.stringify(Object.fromEntries(set)) });
}

export function takeCut({ state, sink }: Import, { ms, before }: FoundCut): void {
  const place = before === null ? undefined : state.messages.get(before)?.place;
  // The message could not be taken over, and a cut without it would hide what follows.
  if (before !== null && place === undefined) return;
  const to = place === undefined ? null : formatStamp(place);
  if (to === null ? !state.hidesAll : state.cut !== to) {
    sink.add(ms, { type: "truncate", json: JSON.stringify({ from: null, to }) });
  }
}
