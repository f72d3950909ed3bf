// opencode's storage: a recorded session's calls are replayed, and every read gives what was written last.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { opencodeStorage } from "../lib/adapters/opencode.ts";
import type { OpencodeMessage, OpencodePart, OpencodeSession, OpencodeStorage } from "../lib/adapters/opencode.ts";
import { nextMs } from "./helpers/clock.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const RECORDED = fileURLToPath(new URL("../fixtures/import/opencode/files/opencode/storage/", import.meta.url));
const PROJECT = "3f1c0de5a1b2c3d4e5f60718293a4b5c6d7e8f90";
const MAIN = "ses_000004ea7fffWrap0000000000";
const CHILD = "ses_fe1d0dffffffChild000000000";

type Storage = OpencodeStorage<OpencodeSession, OpencodeMessage, OpencodePart>;
interface Timed extends OpencodeMessage {
  time: { created: number };
}

function records<T>(...path: string[]): T[] {
  const folder = join(RECORDED, ...path);
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as T);
}

/** The states in which opencode writes a part one after the other: a text grows, a tool waits and runs before it is done. */
function statesOf(
  part: OpencodePart & { text?: string; time?: object; state?: { input?: object; time?: { start: number } } },
): OpencodePart[] {
  if (part.type === "tool") {
    const { input = {}, time } = part.state ?? {};
    const states = [
      { status: "pending", input: {}, raw: "" },
      { status: "running", input, time: { start: time?.start ?? 0 } },
    ];
    return [...states.map((state) => ({ ...part, state })), part];
  }
  const { text, time } = part;
  if (text === undefined || time === undefined) return [part];
  const growing = Array.from({ length: 5 }, (_, n) => ({
    ...part,
    text: text.slice(0, Math.ceil((text.length * n) / 5)),
    time: { start: 1 },
  }));
  return [...growing, part];
}

/** What was written, as the record has it. */
interface Written {
  sessions: Map<string, OpencodeSession>;
  messages: Map<string, { info: OpencodeMessage; parts: Map<string, OpencodePart> }[]>;
}

/** Writes what was recorded, in the order of its making, and compares after each write. */
async function replay(storage: Storage, ids: readonly string[]): Promise<Written> {
  const written: Written = { sessions: new Map(), messages: new Map() };
  for (const id of ids) {
    const session = records<OpencodeSession>("session", PROJECT).find((each) => each.id === id)!;
    const named = { ...session, title: "New session - 2026-11-01T10:00:00.000Z" };
    for (const each of [named, session]) {
      await storage.writeSession(each);
      expect(await storage.readSession(id)).toEqual(each);
    }
    written.sessions.set(id, session);
    const list: { info: OpencodeMessage; parts: Map<string, OpencodePart> }[] = [];
    written.messages.set(id, list);
    const messages = records<Timed>("message", id).toSorted((a, b) => a.time.created - b.time.created);
    for (const info of messages) {
      const entry = { info, parts: new Map<string, OpencodePart>() };
      const begun: Timed = { ...info, time: { created: info.time.created } };
      await storage.writeMessage(begun);
      list.push(entry);
      for (const part of records<OpencodePart>("part", info.id)) {
        for (const state of statesOf(part)) {
          await storage.writePart(state);
          expect(await storage.readPart(id, info.id, part.id)).toEqual(state);
        }
        entry.parts.set(part.id, part);
      }
      await storage.writeMessage(info);
      expect(await storage.readMessage(id, info.id)).toEqual({ info, parts: [...entry.parts.values()] });
    }
  }
  return written;
}

async function checkAll(storage: Storage, { sessions, messages }: Written): Promise<void> {
  expect((await collect(storage.sessionIDs())).toSorted()).toEqual([...sessions.keys()].toSorted());
  for (const { projectID } of sessions.values()) {
    const ids = [...sessions.values()].filter((session) => session.projectID === projectID).map(({ id }) => id);
    expect(await storage.count({ projectID })).toBe(ids.length);
    expect((await collect(storage.sessionIDs({ projectID }))).toSorted()).toEqual(ids.toSorted());
  }
  for (const [id, session] of sessions) {
    expect(await storage.readSession(id)).toEqual(session);
    const list = messages.get(id)!.map(({ info, parts }) => ({ info, parts: [...parts.values()] }));
    expect(await collect(storage.messageIDs(id))).toEqual(list.map(({ info }) => info.id));
    for (const { info, parts } of list)
      expect(await collect(storage.partIDs(id, info.id))).toEqual(parts.map((part) => part.id));
    const paged = [];
    for (let before: string | undefined; ;) {
      const page = await storage.messages(id, { limit: 1, before });
      paged.unshift(...page.items);
      if (page.previous === undefined) break;
      before = page.previous;
    }
    expect(paged).toEqual(list);
  }
}

test("a recorded session's calls are replayed: every read gives what was written last, after a restart too", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const written = await replay(opencodeStorage(store), [MAIN, CHILD]);
  await checkAll(opencodeStorage(store), written);
  await store.close();
  const again = await stores.open({}, directory);
  await checkAll(opencodeStorage(again), written);
  // The same calls again write nothing: all stands.
  const before = [...logsOf(directory).values()].join("").length;
  for (const session of written.sessions.values()) await opencodeStorage(again).writeSession(session);
  for (const list of written.messages.values())
    for (const { info, parts } of list) await opencodeStorage(again).writeMessage(info, [...parts.values()]);
  expect([...logsOf(directory).values()].join("")).toHaveLength(before);
});

test("a session is listed by its project and its parent, newest first, in pages", async () => {
  const storage = opencodeStorage(await stores.open());
  const write = async (session: OpencodeSession): Promise<void> => {
    nextMs();
    await storage.writeSession(session);
  };
  for (let n = 0; n < 5; n++) await write({ id: `ses_${n}`, projectID: n < 3 ? "p" : "q", title: `turn ${n}` });
  await write({ id: "ses_kid", projectID: "p", parentID: "ses_0" });
  await write({ id: "ses_1", projectID: "p", title: "again" });
  expect(await collect(storage.sessionIDs({ projectID: "p" }))).toEqual(["ses_1", "ses_kid", "ses_2", "ses_0"]);
  expect(await collect(storage.sessionIDs({ parentID: "ses_0" }))).toEqual(["ses_kid"]);
  expect([
    await storage.count(),
    await storage.count({ projectID: "q" }),
    await storage.count({ parentID: "ses_0" }),
  ]).toEqual([6, 2, 1]);
  const first = await storage.sessions({ limit: 3, projectID: "p" });
  expect(first.items.map(({ id }) => id)).toEqual(["ses_1", "ses_kid", "ses_2"]);
  const rest = await storage.sessions({ limit: 3, projectID: "p", after: first.next });
  expect(rest.items).toEqual([{ id: "ses_0", projectID: "p", title: "turn 0" }]);
  expect(rest.next).toBeUndefined();
});

test("a removed session takes its children with it; messages and parts go alone", async () => {
  const store = await stores.open();
  const storage = opencodeStorage(store);
  await replay(storage, [MAIN, CHILD]);
  await storage.writeSession({ ...(await storage.readSession(CHILD))!, parentID: MAIN });
  await storage.writeSession({ id: "ses_other", projectID: PROJECT });
  const [id = ""] = await collect(storage.messageIDs(MAIN));
  const { parts } = (await storage.readMessage(MAIN, id))!;
  await storage.removePart(MAIN, id, parts[0]!.id);
  expect((await storage.readMessage(MAIN, id))?.parts).toEqual(parts.slice(1));
  await storage.removeMessage(MAIN, id);
  await storage.removeMessage(MAIN, "msg_never");
  expect(await storage.readMessage(MAIN, id)).toBeUndefined();
  await storage.removeSession(MAIN);
  await storage.removeSession(MAIN);
  expect(await collect(storage.sessionIDs())).toEqual(["ses_other"]);
  expect(await storage.readSession(CHILD)).toBeUndefined();
});

test("what belongs to nothing is refused", async () => {
  const storage = opencodeStorage(await stores.open());
  const message = { id: "msg_1", sessionID: "ses_1", role: "user" };
  await expect(storage.writeMessage(message)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await storage.writeSession({ id: "ses_1", projectID: "p" });
  const part = { id: "prt_1", sessionID: "ses_1", messageID: "msg_1", type: "text" };
  await expect(storage.writePart(part)).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await storage.readPart("ses_1", "msg_1", "prt_1")).toBeUndefined();
});

test("what is not there has no messages and no parts", async () => {
  const storage = opencodeStorage(await stores.open());
  await storage.writeSession({ id: "ses_1", projectID: "p" });
  expect(await collect(storage.messageIDs("ses_2"))).toEqual([]);
  expect(await collect(storage.partIDs("ses_2", "msg_1"))).toEqual([]);
  expect(await collect(storage.partIDs("ses_1", "msg_1"))).toEqual([]);
  expect(await storage.messages("ses_2", { limit: 10 })).toEqual({ items: [] });
});

test("what the user has said of a session stays when opencode writes it", async () => {
  const store = await stores.open();
  const storage = opencodeStorage(store);
  const session = { id: "ses_1", projectID: "p", title: "turn 1" };
  await storage.writeSession(session);
  await store.session("ses_1").update({ title: "Mine", pinned: true, tags: ["a"] });
  await storage.writeSession({ ...session, title: "turn 2" });
  expect(await store.get("ses_1")).toMatchObject({ title: "Mine", pinned: true, tags: ["a"] });
  expect(await storage.readSession("ses_1")).toEqual({ ...session, title: "turn 2" });
});

test("a text that grows by 2,000 deltas costs about its length, and a change in a long session one line", async () => {
  const directory = stores.directory();
  const storage: OpencodeStorage<OpencodeSession, OpencodeMessage, any> = opencodeStorage(
    await stores.open({}, directory),
  );
  await storage.writeSession({ id: "ses_1", projectID: "p" });
  for (let n = 0; n < 500; n++) await storage.writeMessage({ id: `msg_${n}`, sessionID: "ses_1", role: "user" });
  const part = { id: "prt_1", sessionID: "ses_1", messageID: "msg_499", type: "text" };
  const before = statSync(onlyLog(directory));
  let text = "";
  for (let n = 0; n < 2000; n++) await storage.writePart({ ...part, text: (text += "delta "), time: { start: 1 } });
  await storage.writePart({ ...part, text, time: { start: 1, end: 2 } });
  const after = statSync(onlyLog(directory));
  expect(after.ino).toBe(before.ino);
  // Each delta written would be 12 MB.
  expect(after.size - before.size).toBeLessThan(1_000_000);
  expect(await storage.readPart("ses_1", "msg_499", "prt_1")).toEqual({ ...part, text, time: { start: 1, end: 2 } });
});
