// Listings and searches in a database give what the listings of files give.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fold, hasWords, queryOf } from "../lib/line/searched.ts";
import type { Database } from "../lib/sql/database/database.ts";
import type { StoredSession } from "../lib/sql/database/stored.ts";
import { acceptor } from "../lib/store/list/filter.ts";
import type { SessionFilter } from "../lib/store/list/filter.ts";
import { all, names, put, row, stamp } from "./helpers/database-rows.ts";
import { kinds } from "./helpers/databases.ts";
import type { EmptyDatabase } from "./helpers/databases.ts";

const TITLES = [
  "Fix the parser",
  "the PARSER again",
  '100% of it\'s "quoted" \\ back_slash [x]',
  "世界優先の話",
  "Straße und ÄRGER",
  "emoji 🙂 title",
  "e\u0301te\u0301",
  "nul \0 here",
];

const SESSIONS: StoredSession[] = Array.from({ length: 60 }, (_, n) =>
  row(`s${String(n).padStart(3, "0")}`, {
    id: n === 7 ? "Ünï-Code-7" : n === 8 ? "ab" : n === 9 ? "ab " : `Session-${n}`,
    kind: n % 11 === 10 ? "deleted" : "session",
    deletedMs: n % 22 === 10 ? 1000 + (n % 3) : 0,
    // Some have one stamp.
    updated: stamp(Math.floor(n / 3)),
    created: stamp(100 - n),
    info: {
      ...(n % 3 !== 0 && { title: TITLES[n % TITLES.length] }),
      ...(n % 4 === 0 && { project: n % 8 === 0 ? "Acme" : "acme" }),
      ...(n % 5 === 0 && { directory: "/home/é \\ x" }),
      ...(n % 6 === 0 && { parent: `Session-${n - 1}` }),
      ...(n % 7 === 0 && { tags: n % 2 === 0 ? ["a", "b c"] : ["a"] }),
      archived: n % 9 === 0,
      ...(n % 10 === 0 && { pinned: true }),
    },
    prompt: n % 3 === 0 ? `Prompt no. ${n}` : "not searched",
  }),
);

const FILTERS: SessionFilter[] = [
  {},
  { all: true },
  { all: true, project: "acme" },
  { all: true, project: "Acme" },
  { project: "acme", archived: false },
  { all: true, directory: "/home/é \\ x" },
  { parent: "Session-11" },
  { parent: "session-11" },
  { all: true, archived: true },
  { pinned: true },
  { all: true, pinned: false },
  { all: true, tags: ["a"] },
  { all: true, tags: ["a", "b c"] },
  { all: true, tags: ["b"] },
  { all: true, tags: [] },
  { title: "Fix the parser" },
  { title: "fix the parser" },
  { all: true, title: "nul \0 here" },
  { all: true, since: Date.UTC(2026, 10, 21) + 10 },
  { all: true, since: new Date(0) },
  { all: true, since: -1e15 },
  { all: true, since: "2999-01-01" },
];

function accepted(filter: SessionFilter): StoredSession[] {
  const accepts = acceptor(filter);
  return SESSIONS.filter(
    ({ kind, info, id, updated }) =>
      kind === "session" && accepts({ ...info, id, updatedAt: updated.slice(0, 24) } as never),
  );
}

function newestFirst(sessions: StoredSession[], order: "updated" | "created" = "updated"): StoredSession[] {
  return sessions.toSorted((a, b) =>
    a[order] === b[order] ? (a.name < b.name ? -1 : 1) : a[order] > b[order] ? -1 : 1,
  );
}

describe.each(await kinds())("$name", ({ make }) => {
  let empty: EmptyDatabase;
  let database: Database;
  beforeAll(async () => {
    empty = await make();
    database = await empty.open();
    await put(database, ...SESSIONS);
  });
  afterAll(async () => {
    await database?.close();
    await empty?.drop();
  });

  test.each(FILTERS.map((filter) => [JSON.stringify(filter), filter] as const))("filter %s", async (_, filter) => {
    for (const order of ["updated", "created"] as const) {
      const expected = newestFirst(accepted(filter), order);
      expect(await database.page({ order, direction: 1, filter, limit: 100 })).toEqual(expected);
    }
    expect(await database.count(filter)).toBe(accepted(filter).length);
  });

  test("page after page, both ways, each session comes once", async () => {
    for (const order of ["updated", "created"] as const) {
      const expected = names(newestFirst(accepted({ all: true }), order));
      for (const direction of [1, -1] as const) {
        const found: StoredSession[] = [];
        for (let page: StoredSession[] | undefined; page === undefined || page.length > 0;) {
          const last = found.at(-1);
          const from = last && { stamp: last[order], name: last.name };
          page = await database.page({ order, direction, from, filter: { all: true }, limit: 7 });
          found.push(...page);
        }
        expect(names(found)).toEqual(direction === 1 ? expected : expected.toReversed());
      }
    }
  });

  test("all sessions come by name, deleted ones too; the trash has those that can be restored", async () => {
    const first = await database.sessions(undefined, 10);
    const rest = await database.sessions(first.at(-1)?.name, 100);
    expect([...first, ...rest]).toEqual(SESSIONS);
    expect(await database.sessions(SESSIONS.at(-1)?.name, 5)).toEqual([]);
    const trash = await all(database.trash());
    expect(names(trash).toSorted()).toEqual(names(SESSIONS.filter(({ deletedMs }) => deletedMs > 0)));
    expect(trash).toEqual(trash.toSorted((a, b) => a.deletedMs - b.deletedMs));
  });

  test.each([
    "parser",
    "PARSER the",
    "ars",
    "a",
    "100% it's",
    "%",
    "_",
    "\\",
    "[x]",
    '"',
    "界優",
    "世界",
    "strasse",
    "arger",
    "🙂",
    "été",
    "nul \0 here",
    "prompt no. 3",
    "searched",
    "session-1",
    "SESSION-12",
    "sess",
    "ses",
    "ab",
    "üni-code-7",
    "nowhere",
    "",
  ])("search %j", async (text) => {
    const { words, key } = queryOf(text);
    const expected = newestFirst(
      SESSIONS.filter(({ kind, id, info, prompt }) => {
        if (kind !== "session") return false;
        const folded = fold(id);
        const isNamed = key !== "" && (folded === key || (key.length >= 4 && folded.startsWith(key)));
        return hasWords(fold((info["title"] as string | undefined) ?? prompt ?? ""), words) || isNamed;
      }),
    );
    expect(names(await database.search({ words, key, limit: 100 }))).toEqual(names(expected));
    expect(names(await database.search({ words, key, limit: 3 }))).toEqual(names(expected.slice(0, 3)));
  });
});
