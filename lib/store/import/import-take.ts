// What each line of an import becomes here: nothing, if it is known; a new line; or a newer version of what was imported before.
import { ArgumentError } from "../../base/errors.ts";
import { checkedPatch } from "../../base/session-info.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { attachAll } from "../write/commit.ts";
import type { ImportedMessage, ImportState } from "./import-state.ts";
import type { FoundCut, FoundData, FoundHead, FoundInfo, FoundMessage, FoundPart, Import } from "./import.ts";
import { encode, encodeMessage, encodePart, isReady } from "../write/prepare.ts";
import type { Encoded } from "../write/prepare.ts";
import type { SessionState } from "../session-state.ts";

/** Takes a message or part that is new and whose JSON is ready. False: it is none of these, and nothing was done. */
export function takeNow(run: Import, line: FoundMessage | FoundPart | FoundInfo): boolean {
  const { session, state, sink, native } = run;
  if (line.type === "info" || line.json === undefined || !isReady(session, line.json) || state.gone.mayFind)
    return false;
  const { ms, id } = line;
  const json = line.json.text;
  if (line.type === "message") {
    if (line.isKnown === true || line.at !== undefined || state.messages.has(id)) return false;
    const after = placeToFollow(run, line);
    if (after !== undefined && !state.goesOnFrom(after)) sink.add(ms, { type: "head", after });
    run.place = sink.add(ms, { type: "message", id, json });
    return true;
  }
  const owner = messageOf(run, line.message.id);
  if (owner?.line === undefined || line.at !== undefined || state.part(owner.place, id) !== undefined) return false;
  if (native.hasAny) return false;
  sink.add(ms, { type: "part", message: owner.place, id, json });
  return true;
}

/** True: it is new here. Of two messages with one id and other content the second gets a name of its own. */
export async function takeMessage(run: Import, line: FoundMessage): Promise<boolean> {
  const { session, state, sink } = run;
  const { ms } = line;
  if (line.isKnown === true) {
    const known = state.messages.get(line.id);
    if (known !== undefined) run.place = known.place;
    return false;
  }
  if (line.at !== undefined) return await takeExported(run, line, line.at);
  const encoded = await described(session, encodeFound(session, line, encodeMessage));
  run.attachments += attachmentsIn(encoded);
  const { json } = encoded;
  for (const id of namesOf(line.id)) {
    const known = state.messages.get(id);
    if (id === line.id) run.names.delete(id);
    else run.names.set(line.id, id);
    if (known === undefined) return await addMessage(run, line, id, encoded);
    run.place = known.place;
    // What was removed here stays so, and of a line that was altered nobody can tell what it was.
    if (known.line?.says(json) !== false) return false;
    if (line.isNewest === true) {
      // The source is an older copy of itself: a message says more and more while it is written.
      const length = known.line.text()?.length ?? 0;
      if (json.length < length || known.older?.some((older) => older.says(json) === true) === true) return false;
      await attach(run, encoded);
      sink.add(ms, { type: "message", id, of: known.place, json });
      return false;
    }
    for (const each of line.earlier?.() ?? []) {
      const { json: before } = await described(session, encodeFound(session, each, encodeMessage));
      if (known.line.says(before) !== true) continue;
      await attach(run, encoded);
      sink.add(ms, { type: "message", id, of: known.place, json });
      return false;
    }
  }
  return false;
}

/** A message of which nothing is known under this id. False: it was removed here. */
async function addMessage(run: Import, line: FoundMessage, id: string, encoded: Encoded): Promise<boolean> {
  const { state, sink } = run;
  const { ms } = line;
  const gone = state.gone.find(ms, run.place, false);
  if (gone !== undefined) {
    state.addGone(id, gone);
    run.place = gone;
    return false;
  }
  const after = placeToFollow(run, line);
  await attach(run, encoded);
  if (after !== undefined && !state.goesOnFrom(after)) sink.add(ms, { type: "head", after });
  run.place = sink.add(ms, { type: "message", id, json: encoded.json });
  return true;
}

/**
 * What was found on its way into a line. What the source has as JSON stays as it is, unless something is to be made of it; `data` is
 * looked at only then.
 */
export function encodeFound(
  session: SessionState,
  found: FoundData,
  encodeData: (session: SessionState, data: object) => Encoded,
): Encoded {
  const { json } = found;
  if (json === undefined || !isReady(session, json)) return encodeData(session, found.data);
  return { json: json.text, taken: undefined };
}

/** The place that a new message follows; undefined: that of the line before it. */
function placeToFollow(run: Import, { follows }: FoundMessage): Stamp | undefined {
  const { session, state, previous } = run;
  if (follows === null) return rootOf(session, state);
  // The last import left off at an older message, and this one follows the one that came before it nevertheless.
  const id = follows ?? (state.head === undefined ? undefined : previous);
  return id === undefined ? undefined : messageOf(run, id)?.place;
}

/** Of several messages with this id the one that was told of last. */
function messageOf({ state, names }: Import, id: string): ImportedMessage | undefined {
  return state.messages.get(names.get(id) ?? id);
}

/** A line before all messages. */
function rootOf(session: SessionState, { header }: ImportState): Stamp | undefined {
  return header ?? session.fold?.first;
}

export function takeHead(run: Import, { ms, after }: FoundHead): void {
  const { session, state, sink } = run;
  const place = after === null ? rootOf(session, state) : messageOf(run, after)?.place;
  if (place !== undefined && !state.goesOnFrom(place)) sink.add(ms, { type: "head", after: place });
}

/** With the JSON that its line will have; nothing is written yet. */
export async function described(session: SessionState, encoded: Encoded): Promise<Encoded> {
  if (encoded.taken === undefined) return encoded;
  const { describe } = await import("../blobs/attachments.ts");
  await describe(session, encoded);
  return encoded;
}

/** Keeps its attachments, before a line names them. */
async function attach({ session, options }: Import, encoded: Encoded): Promise<void> {
  if (encoded.taken !== undefined && !options.dryRun) await attachAll(session, [encoded]);
}

/** The same for one that was exported. An edit since the last import is one more version. */
async function takeExported(run: Import, { ms, id, data }: FoundMessage, at: string): Promise<boolean> {
  const { session, state, sink, native } = run;
  const known = state.messages.get(id);
  if (known === undefined && (native.message(at, id) !== undefined || isGone(run, at))) return false;
  const json = await newJson(run, encodeMessage(session, data), known);
  if (json !== undefined) sink.add(ms, { type: "message", id, of: known?.place, json });
  return known === undefined;
}

/** True if what stood at this place was removed or erased here. */
function isGone({ state }: Import, at: string): boolean {
  const place = parseStamp(at);
  return place !== undefined && state.gone.has(place);
}

export async function takePart(run: Import, part: FoundPart): Promise<void> {
  const { session, state, sink, native } = run;
  const { id, ms, at, isNewest } = part;
  const { id: owner, at: ownerAt } = part.message;
  const imported = messageOf(run, owner);
  const message = imported?.place ?? native.message(ownerAt ?? "", owner);
  // The message could not be taken over, or was removed here, with all that it had.
  if (message === undefined || (imported !== undefined && imported.line === undefined)) return;
  const known = state.part(message, id);
  if (known === undefined) {
    if (native.hasPart(message, at ?? "", id) || (at !== undefined && isGone(run, at))) return;
    if (at === undefined && state.gone.find(ms, run.place, true) !== undefined) return;
  }
  const json = await newJson(run, encodeFound(session, part, encodePart), known);
  // The source is an older copy of itself.
  if (isNewest === true && json !== undefined && json.length < (known?.line?.text()?.length ?? 0)) return;
  if (json !== undefined) sink.add(ms, { type: "part", message, id, of: known?.place, json });
}

/** The JSON of what is new, or other than it was when it was imported last; its attachments are kept then. */
async function newJson(run: Import, found: Encoded, known: ImportedMessage | undefined): Promise<string | undefined> {
  const encoded = await described(run.session, found);
  run.attachments += attachmentsIn(encoded);
  if (known !== undefined && known.line?.says(encoded.json) !== false) return undefined;
  await attach(run, encoded);
  return encoded.json;
}

function attachmentsIn({ taken }: Encoded): number {
  return taken?.sites.filter(({ holder, key }) => typeof holder[key] === "object").length ?? 0;
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
