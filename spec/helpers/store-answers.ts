// Every answer of a store, compared with a naive full scan.
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import type { Page, SessionFilter, SessionPage } from "../../lib/index.ts";
import type { Asked } from "./asked.ts";
import type { NaiveListed, NaiveStore } from "./naive-store.ts";
import { pick, shuffled } from "./random.ts";
import type { Random } from "./random.ts";

/** What a session that cannot be read may answer. */
const UNREADABLE = ["DAMAGED", "NEWER_FORMAT", "IO", "NO_ACCESS"];

/** What a listing may be asked for; `since` follows from the sessions there are. */
const FILTERS: readonly SessionFilter[] = [
  {},
  { all: true },
  { all: true, order: "created" },
  { order: "created", archived: false },
  { all: true, project: "acme" },
  { all: true, project: "moved", order: "created" },
  { all: true, directory: "/home/me" },
  { parent: "alpha" },
  { all: true, archived: true },
  { all: true, pinned: true },
  { all: true, pinned: false, order: "created" },
  { all: true, tags: ["a"] },
  { all: true, tags: ["b", "a"] },
];

export interface CheckOptions {
  random: Random;
  /** How many listings, of those that there can be. */
  lists: number;
  /** How many sessions. */
  sessions: number;
  /** The name of one that is asked for everything, before the others. */
  first?: string | undefined;
}

export async function expectLists(asked: Asked, naive: NaiveStore, { random, lists }: CheckOptions): Promise<void> {
  const since = naive.living.length === 0 ? 0 : pick(random, naive.living).shown.updatedAt;
  const filters = [...FILTERS, { all: true, since }, { since, order: "created" as const }];
  for (const filter of shuffled(random, filters).slice(0, lists)) await expectList(asked, naive, filter, random);
  const ids = [...naive.list({ all: true }).map(({ id }) => id), ...naive.listDamaged()];
  same(asked, (await asked.ask(undefined, "ids")).toSorted(), ids.toSorted(), "ids");
  for (const { id, shown } of naive.living) same(asked, await asked.ask(undefined, "get", id), shown, "get", id);
  for (const id of naive.damaged) same(asked, await asked.ask(undefined, "get", id), damagedOf(id), "get", id);
  for (const id of [...naive.deleted, "nobody"])
    same(asked, await asked.ask(undefined, "get", id), undefined, "get", id);
  const parent = pick(random, ["alpha", "beta"]);
  const children = naive.list({ parent }).map(({ shown }) => shown);
  same(asked, byId(await asked.ask(undefined, "children", parent)), byId(children), "children", parent);
}

function damagedOf(id: string): object {
  return { id, damaged: expect.any(String) };
}

type Shown = { id: string; damaged?: string };

/**
 * A damaged session has no time, so no place of its own, and one whose log is not in order may stand where its last line
 * tells: wherever it is, every walk must find it there.
 */
async function expectList(asked: Asked, naive: NaiveStore, filter: SessionFilter, random: Random): Promise<void> {
  const listed: Shown[] = await asked.ask(undefined, "sessions", filter);
  if (!Array.isArray(listed))
    expect.fail(`${asked.name}: sessions(${JSON.stringify(filter)}): ${JSON.stringify(listed)}`);
  const living = listed.filter(({ damaged }) => damaged === undefined);
  const expected = naive.list(filter);
  same(asked, byId(living), byId(expected.map(({ shown }) => shown)), "sessions, in any order", filter);
  const placed = expected.filter(({ isInOrder }) => isInOrder).map(({ id }) => id);
  same(
    asked,
    living.map(({ id }) => id).filter((id) => placed.includes(id)),
    placed,
    "sessions, in their order",
    filter,
  );
  const damaged = listed.filter((each) => each.damaged !== undefined);
  same(asked, damaged.map(({ id }) => id).toSorted(), naive.listDamaged(filter), "sessions, damaged", filter);
  same(asked, await asked.ask(undefined, "count", filter), listed.length, "count", filter);
  const limit = 1 + random(listed.length + 1);
  const turn = async (cursor: object): Promise<SessionPage> =>
    await asked.ask(undefined, "page", { ...filter, limit, ...cursor });
  const [forth, back] = await walk(await turn({}), turn);
  same(asked, forth, listed, "pages forwards", filter, limit);
  same(asked, back, listed, "pages backwards", filter, limit);
}

function byId<T extends { id: string }>(sessions: readonly T[]): T[] {
  return sessions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

type AnyPage = { readonly items: readonly unknown[]; readonly previous?: string; readonly next?: string };

/** All pages from the first one on, and from the last one back. */
async function walk<P extends AnyPage>(
  first: P,
  turn: (cursor: object) => Promise<P>,
): Promise<[unknown[], unknown[]]> {
  const forth: P[] = [first];
  let page = first;
  while (page.next !== undefined && forth.length < 1000) forth.push((page = await turn({ after: page.next })));
  const back: P[] = [page];
  while (page.previous !== undefined && back.length < 1000)
    back.unshift((page = await turn({ before: page.previous })));
  return [forth.flatMap(({ items }) => items), back.flatMap(({ items }) => items)];
}

/** The answers of some sessions, in any order: what is asked first is asked of a store that knows nothing yet. */
export async function expectSessions(asked: Asked, naive: NaiveStore, options: CheckOptions): Promise<void> {
  const { random, sessions, first } = options;
  const order = shuffled(random, naive.living).sort((a, b) => Number(b.name === first) - Number(a.name === first));
  for (const session of order.slice(0, sessions)) {
    const isWhole = session.name === first || process.env["TURNLOG_LONG"] !== undefined;
    const questions = shuffled(random, QUESTIONS).slice(0, isWhole ? undefined : ASKED_AT_ONCE);
    for (const question of questions) await question(asked, session, random);
  }
  for (const id of naive.damaged) {
    const answer = await asked.ask(id, pick(random, ["history", "count", "info", "branches"]));
    expect(UNREADABLE, `${asked.name}: session ${id}: ${JSON.stringify(answer)}`).toContain(answer?.error);
    const last = await asked.ask(id, pick(random, ["page", "messages"]), pick(random, [{ limit: 3 }]));
    expect(UNREADABLE, `${asked.name}: session ${id}: ${JSON.stringify(last)}`).toContain(last?.error);
  }
  for (const id of [...naive.deleted, "nobody"])
    same(asked, await asked.ask(id, "history"), { error: "NOT_FOUND" }, "history", id);
}

/** So many questions are asked of a session to which nothing was done. */
const ASKED_AT_ONCE = 3;

type Question = (asked: Asked, session: NaiveListed, random: Random) => Promise<void>;

const QUESTIONS: readonly Question[] = [
  async (asked, { id, history }) => same(asked, await asked.ask(id, "history"), history, id, "history"),
  async (asked, { id, history }) => same(asked, await asked.ask(id, "count"), history.length, id, "count"),
  async (asked, { id, shown }) => same(asked, await asked.ask(id, "info"), shown, id, "info"),
  async (asked, { id, history }) => {
    same(
      asked,
      await asked.ask(id, "messageIds"),
      history.map((entry) => entry.id),
      id,
      "messageIds",
    );
  },
  async (asked, { id, history, tips }) => {
    const branches = await asked.ask(id, "branches");
    const expected = [...history.slice(-1).map(({ at }) => at), ...tips];
    same(
      asked,
      branches.map(({ at }: { at: string }) => at),
      expected,
      id,
      "branches",
    );
  },
  async (asked, { id, history }, random) => {
    const last = 1 + random(history.length + 2);
    const expected = history.slice(-last);
    same(asked, await asked.ask(id, "messages", { last }), expected, id, "messages, last", last);
    const reverse = { reverse: true, limit: last };
    same(asked, await asked.ask(id, "messages", reverse), expected.toReversed(), id, "messages", reverse);
    const bare = expected.map((entry) => ({ ...entry, parts: [] }));
    same(asked, await asked.ask(id, "messages", { last, parts: false }), bare, id, "messages without parts", last);
  },
  async (asked, { id, history }, random) => {
    const limit = 1 + random(history.length + 2);
    const page: Page<any, any> = await asked.ask(id, "page", { limit });
    same(asked, page.items, history.slice(-limit), id, "page", limit);
    same(asked, page.previous !== undefined, history.length > limit, id, "page.previous", limit);
  },
  async (asked, { id, history }, random) => {
    const limit = 1 + Math.floor(history.length / (1 + random(5)));
    const turn = async (cursor: object): Promise<Page<any, any>> => await asked.ask(id, "page", { limit, ...cursor });
    let first = await turn({});
    for (let turns = 0; first.previous !== undefined && turns < 1000; turns++)
      first = await turn({ before: first.previous });
    const [forth, back] = await walk(first, turn);
    same(asked, forth, history, id, "pages forwards", limit);
    same(asked, back, history, id, "pages backwards", limit);
  },
  async (asked, session, random) => {
    const { id, history } = session;
    if (history.length === 0) return;
    const position = random(history.length);
    const name = nameOf(session, position);
    const limit = 1 + random(8);
    const ask = async (call: string, options: object): Promise<any> => await asked.ask(id, call, options);
    const before = history.slice(Math.max(0, position - limit), position);
    const after = history.slice(position + 1, position + 1 + limit);
    const first = Math.max(0, Math.min(position - Math.floor(limit / 2), history.length - limit));
    const around = history.slice(first, first + limit);
    same(asked, (await ask("page", { limit, before: name })).items, before, id, "page before", position, limit);
    same(asked, (await ask("page", { limit, after: name })).items, after, id, "page after", position, limit);
    same(asked, (await ask("page", { limit, around: name })).items, around, id, "page around", position, limit);
    same(asked, await ask("messages", { limit, after: name }), after, id, "messages after", position, limit);
    same(asked, await ask("messages", { last: limit, before: name }), before, id, "messages before", position, limit);
  },
  async (asked, session, random) => {
    const { id, history } = session;
    for (let round = 0; round < 4 && history.length > 0; round++) {
      const position = random(history.length);
      const entry = history[position]!;
      same(asked, await asked.ask(id, "message", nameOf(session, position)), entry, id, "message", entry.id);
      same(asked, await asked.ask(id, "message", entry.at), entry, id, "message", entry.at);
      same(asked, await asked.ask(id, "parts", nameOf(session, position)), entry.parts, id, "parts", entry.id);
    }
    same(asked, await asked.ask(id, "message", "nobody"), undefined, id, "message", "nobody");
  },
];

/** The id of a message, if no other of the history has it, or else its place. */
function nameOf({ history }: NaiveListed, position: number): string {
  const { id, at } = history[position]!;
  return history.some((other) => other.id === id && other.at !== at) ? at : id;
}

function same(asked: Asked, found: unknown, expected: unknown, ...question: unknown[]): void {
  if (isDeepStrictEqual(found, expected)) return;
  expect(found, `${asked.name}: ${question.map((each) => JSON.stringify(each)).join(" ")}`).toEqual(expected);
}
