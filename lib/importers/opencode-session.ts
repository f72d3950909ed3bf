// A session of opencode as messages with their parts, out of all rooms that have something of it. The room in which it was
// changed last says how its history goes; what only another one has is kept as a branch, as is what was reverted.
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import type { FoundLine, FoundPart } from "../store/import/import.ts";
import { canonical } from "../line/canonical.ts";
import { textIn, timeOf } from "./importer.ts";
import { compareDated, compareIds, timeOfId } from "./opencode-ids.ts";
import type { Dated } from "./opencode-ids.ts";
import { infoOf, promptIn } from "./opencode-info.ts";
import type { Fields, Room } from "./opencode-room.ts";

export interface OpencodeSession {
  readonly id: string;
  /** The one that was changed last comes first. */
  readonly rooms: readonly Room[];
  readonly createdMs: number;
}

interface Placed extends Dated {
  readonly room: Room;
  /** It is no part of the history. */
  isAside: boolean;
}

/** Parts that only a user's message has. */
const USERS_PARTS: ReadonlySet<string> = new Set(["text", "file", "agent", "subtask", "compaction"]);

export async function* readOpencode(found: OpencodeSession, known: readonly string[]): AsyncGenerator<FoundLine> {
  const { id, rooms, createdMs } = found;
  const session = await firstOf(rooms, async (room) => await room.session(id));
  const asides = await allAsides(found, session);
  const messages = await messagesOf(found, session);
  const time = isObject(session?.["time"]) ? session["time"] : {};
  const changedMs = timeOf(time["updated"]);
  const newest = known.at(-1);
  const isWhole = newest === undefined || messages.some((message) => message.id === newest);
  // A copy from before the last message that came in here: what it says of the session itself was said before, too.
  const isOlder = !isWhole && changedMs !== undefined && changedMs < (timeOfId(newest, changedMs) ?? changedMs);
  let tip: string | null = null;
  let last: string | null = null;
  let prompt: string | undefined;
  let updatedMs = createdMs;
  for (const { id: name, ms, room, isAside } of inOrderOf(known, messages)) {
    await giveWay();
    const record = await room.message(id, name);
    const partIds = (await room.partIds(id, name)).sort((a, b) => compareIds(a, b, ms));
    const [firstPart] = partIds;
    // Another program has removed it meanwhile.
    if (record === undefined && firstPart === undefined) continue;
    const role = textIn(record ?? {}, "role") ?? roleBy(await room.part(id, name, firstPart ?? ""));
    const data = dataOf(role, record);
    yield { type: "message", id: name, ms, data, isNewest: true, follows: isAside ? last : tip };
    const isFirst = last === null;
    last = name;
    if (!isAside) tip = name;
    if (role === "user" && !isAside) prompt ??= promptIn(record?.["parts"]);
    updatedMs = Math.max(updatedMs, ms);
    for (const partId of partIds) {
      const part = await room.part(id, name, partId);
      if (part === undefined) continue;
      if (role === "user" && !isAside) prompt ??= promptIn([part]);
      yield { ...partOf(name, partId, ms, part), isNewest: !isDone(part) };
    }
    const error = errorIn(record);
    if (error !== undefined) yield partOf(name, "error", ms, error);
    if (isFirst && !isOlder) yield* asidesOf(name, ms, session, asides);
  }
  // What was reverted may stand again. A source that is only shorter than it was takes nothing back.
  if (last !== null && (last !== tip || isWhole)) yield { type: "head", ms: updatedMs, after: tip };
  if (!isOlder) yield { type: "info", ms: Math.max(updatedMs, changedMs ?? 0), patch: infoOf(session, prompt) };
}

/** In the order in which they were sent. */
async function messagesOf({ id, rooms }: OpencodeSession, session: Fields | undefined): Promise<Placed[]> {
  const found = new Map<string, Placed>();
  let hasHistory = false;
  for (const room of rooms) {
    const own = await room.messages(id);
    for (const { id: name, ms } of own)
      if (!found.has(name)) found.set(name, { id: name, ms, room, isAside: hasHistory });
    hasHistory ||= own.length > 0;
  }
  const sorted = [...found.values()].sort(compareDated);
  const revert = isObject(session?.["revert"]) ? session["revert"] : {};
  const from = sorted.findIndex((message) => message.id === revert["messageID"]);
  // With a part, only what comes after that is reverted of the message.
  const first = textIn(revert, "partID") === undefined ? from : from + 1;
  if (from !== -1) for (const message of sorted.slice(first)) message.isAside = true;
  return sorted;
}

/** What earlier imports have stays where it is; what has come between that comes after it, before what is newer. */
function inOrderOf(known: readonly string[], messages: readonly Placed[]): Placed[] {
  const places = new Map(known.map((id, place) => [id, place]));
  const placeOf = ({ id }: Placed): number => places.get(id) ?? known.length;
  return [...messages].sort((a, b) => placeOf(a) - placeOf(b));
}

/** All that opencode says of it is in `record`. Before parts had files of their own they were in the message. */
function dataOf(role: string, record: Fields | undefined): object {
  const { id: _id, sessionID: _session, role: _role, parts, ...others } = record ?? {};
  const rest = parts === undefined || Array.isArray(parts) ? others : { parts, ...others };
  const model = textIn(rest, "modelID");
  return {
    role,
    content: Array.isArray(parts) ? parts : "",
    ...(model !== undefined && { model }),
    ...(role === "assistant" && rest["summary"] === true && { type: "compaction" }),
    record: rest,
  };
}

/** Whose a message was of which only parts are there: an assistant's begins with a step. */
function roleBy(part: Fields | undefined): string {
  return part === undefined || USERS_PARTS.has(textIn(part, "type") ?? "") ? "user" : "assistant";
}

/** False: opencode is still writing it, or was when it ended. */
function isDone({ type, state, time }: Fields): boolean {
  if (type === "tool") return isObject(state) && (state["status"] === "completed" || state["status"] === "error");
  return !isObject(time) || !("start" in time) || "end" in time;
}

/** As it stands, but for the ids, which are the store's as well. */
function partOf(message: string, id: string, ms: number, part: Fields): FoundPart {
  const { id: _id, sessionID: _session, messageID: _message, ...data } = part;
  return { type: "part", message: { id: message }, id, ms, data };
}

/** What went wrong at the end of an answer. */
function errorIn(record: Fields | undefined): Fields | undefined {
  const error = record?.["error"];
  if (!isObject(error)) return undefined;
  const said = isObject(error["data"]) ? textIn(error["data"], "message") : undefined;
  const words = [textIn(error, "name"), said].filter((word) => word !== undefined);
  return words.length === 0 ? undefined : { type: "error", text: words.join(": ") };
}

/** Word for word, as parts of the first message: the session itself, its project, its list of things to do, its changes. */
function* asidesOf(message: string, ms: number, session: Fields | undefined, asides: Fields): Generator<FoundPart> {
  for (const [name, value] of Object.entries({ session, ...asides })) {
    if (value === undefined) continue;
    // A database has its columns in an order of their own: an export, or a file, says the same.
    const sorted: unknown = JSON.parse(canonical(value));
    yield partOf(message, name, ms, { type: "record", record: { [name]: sorted } });
  }
}

async function allAsides({ id, rooms }: OpencodeSession, session: Fields | undefined): Promise<Fields> {
  const asides: Fields[] = [];
  for (const room of rooms) asides.push(await room.asides(id, session));
  const all = Object.assign({}, ...asides.toReversed()) as Fields;
  const { project } = all;
  if (!isObject(project) || !isObject(project["time"])) return all;
  // It is set whenever opencode begins there: every session of the project would be new each time.
  const { updated: _updated, ...time } = project["time"];
  return { ...all, project: { ...project, time } };
}

async function firstOf<T>(
  rooms: readonly Room[],
  read: (room: Room) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const room of rooms) {
    const value = await read(room);
    if (value !== undefined) return value;
  }
  return undefined;
}
