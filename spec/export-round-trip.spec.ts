// What is written back for a tool, or as lines, and comes in again, is the session that it was.
import "./helpers/in-memory.ts";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SessionInfo, Store } from "../lib/index.ts";
import { nextMs } from "./helpers/clock.ts";
import { isThere } from "./helpers/processes.ts";
import { step, storeAfter } from "./helpers/random-sessions.ts";
import { collect, filesIn, useStores } from "./helpers/stores.ts";
import { again, expectChain, recordsIn } from "./helpers/transcripts.ts";

const stores = useStores();
const FIXTURES = new URL("../fixtures/import", import.meta.url).pathname;
const BIRDSONG = join(FIXTURES, "claude-code", "projects", "-home-ann-birdsong");
const CLAUDE = "7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4";

/** What must come back: histories, all branches, times without the counters, and what the session is called. */
async function shown(store: Store<any, any>): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  // The forks that are made on the way are none of them.
  for (const info of await collect(store.sessions({ all: true }))) {
    const { bytes: _bytes, machines: _machines, tip: _tip, ...rest } = info as SessionInfo;
    const session = store.session(info.id);
    const branches = await session.branches();
    const histories = [];
    for (const [index, { id }] of branches.length > 1 ? branches.entries() : []) {
      const copy = await session.fork({ branch: id, id: `${info.id} fork ${index}` });
      histories.push((await copy.history()).map((entry) => entry.data));
      await copy.delete({ trash: false });
    }
    all[info.id] = { ...rest, histories, history: given(await session.history()) };
  }
  return all;
}

function given(history: readonly any[]): unknown[] {
  return history.map(({ id, at, data, parts }) => ({
    id,
    ms: at.slice(0, 24),
    data,
    parts: parts.map((part: any) => ({ id: part.id, ms: part.at.slice(0, 24), data: part.data })),
  }));
}

test("what any history and info became comes back from lines, with its times, and a second import adds nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
      const store = await storeAfter(stores, steps);
      const { other, path } = await again(stores, store, "ndjson");
      const [one, two] = [await shown(store), await shown(other)];
      const linear = (all: Record<string, unknown>): unknown =>
        Object.fromEntries(
          Object.entries(all).map(([id, each]) => [id, { ...(each as object), branches: 0, histories: 0 }]),
        );
      expect(linear(two)).toEqual(linear(one));
      const { sessions } = await other.importFrom("turnlog", { path });
      expect(sessions.every(({ status, added }) => status === "unchanged" && added === 0)).toBe(true);
      for (const each of [store, other]) await each.close();
    }),
    { numRuns: process.env["TURNLOG_LONG"] ? 300 : 15 },
  );
});

test("lines are what ndjson and jq read: a session, then its messages", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s", title: 'a "type":"session" \u2028', tags: ["t"] });
  await session.append([
    { id: "a", text: '{"type":"session","createdAt":"x"}' },
    { type: "session", createdAt: "y" },
  ]);
  await session.putPart("a", { id: "p", text: "late" });
  nextMs();
  await store.createSession({ id: "empty" });
  const path = join(stores.unverified(), "all.ndjson");
  await store.exportTo(path, { format: "ndjson" });
  const records = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records.map(({ type, id }) => [type, id])).toEqual([
    ["session", "empty"],
    ["session", "s"],
    ["message", "a"],
    ["message", expect.any(String)],
  ]);
  expect(records[1]).toMatchObject({ title: 'a "type":"session" \u2028', tags: ["t"], archived: false });
  expect(records[2]).toMatchObject({ data: { id: "a" }, parts: [{ id: "p", data: { id: "p", text: "late" } }] });
  const expected = await shown(store);
  const forms = [
    records
      .map((record) =>
        JSON.stringify(
          record,
          Object.keys(record).toReversed().concat("text", "data", "id", "type", "createdAt", "parts"),
        ),
      )
      .join("\n"),
  ];
  if (isThere("jq")) forms.push(execFileSync("jq", ["-c", "-S", ".", path]).toString());
  if (isThere("python3"))
    forms.push(
      execFileSync("python3", ["-c", "import sys,json\nfor l in sys.stdin: print(json.dumps(json.loads(l)))"], {
        input: readFileSync(path),
      }).toString(),
    );
  for (const form of forms) {
    writeFileSync(path, form);
    const other = await stores.open();
    expect((await other.importFrom("auto", { path })).problems).toEqual([]);
    expect(await shown(other)).toEqual(expected);
  }
});

test("lines that end early, or are none, give the rest, and tell", async () => {
  const store = await stores.open();
  for (const id of ["one", "two"]) await (await store.createSession({ id })).append([{ id: "a" }, { id: "b" }]);
  const path = join(stores.unverified(), "all.ndjson");
  await store.exportTo(path, { format: "ndjson", ids: ["one", "two"] });
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, -10));
  const torn = await stores.open();
  expect((await torn.importFrom("auto", { path })).problems).toMatchObject([
    { line: 6, reason: expect.stringContaining("it ends in the middle") },
  ]);
  expect([await torn.session("one").count(), await torn.session("two").count()]).toEqual([2, 1]);
  writeFileSync(
    path,
    `${text.replace('"id":"one"', '"no":"one"')}7\n{"type":"message"}\n{"type":"damaged","id":"two","reason":"why"}\n`,
  );
  const odd = await stores.open();
  expect((await odd.importFrom("auto", { path })).problems.map(({ reason }) => reason)).toEqual([
    "session 1 has no id",
    "session two was not whole when it was exported: why",
    "message 3 of session two is no message",
    "message 4 of session two is no message",
  ]);
  expect(await odd.session("two").count()).toBe(2);
});

test("a Claude Code session goes back as it was: every line, its branches, its title", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: BIRDSONG });
  const { other, path } = await again(stores, store, "claude-code");
  const file = join(path, "-home-ann-birdsong", `${CLAUDE}.jsonl`);
  const agents = join(path, "-home-ann-birdsong", CLAUDE, "subagents", "agent-a1.jsonl");
  expect(filesIn(path).toSorted()).toEqual([file, agents].toSorted());
  expect(await shown(other)).toEqual(await shown(store));
  const source = recordsIn(
    filesIn(join(FIXTURES, "claude-code")).find((each) => basename(each) === `${CLAUDE}.jsonl`)!,
  );
  const written = recordsIn(file);
  // What it says of the session comes last, as it stands now.
  const ofLines = (lines: any[]): any[] => lines.filter(({ type }) => !/-title$|^last-prompt$/.test(type));
  expect(ofLines(written)).toEqual(ofLines(source));
  expect(ofLines(recordsIn(agents))).toEqual(
    recordsIn(filesIn(join(FIXTURES, "claude-code")).find((each) => basename(each) === "agent-a1.jsonl")!),
  );
  expectChain(written);
  // The newest line is where Claude Code goes on.
  expect(written.at(-1)).toMatchObject({ type: "last-prompt", leafUuid: "0000000e-1111-4222-8333-abcdefabcdef" });
});

test("an older turn that was made the history again is where Claude Code goes on", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: join(FIXTURES, "claude-code") });
  const session = store.session(CLAUDE);
  await session.checkout((await session.branches())[1]!.id);
  const { other, path } = await again(stores, store, "claude-code");
  const data = (entries: readonly any[]): unknown[] => entries.map((entry) => entry.data);
  expect(data(await other.session(CLAUDE).history())).toEqual(data(await session.history()));
  expect((await other.session(CLAUDE).branches()).map(({ messages }) => messages)).toEqual([8, 3]);
  const written = recordsIn(join(path, "-home-ann-birdsong", `${CLAUDE}.jsonl`));
  expectChain(written);
  expect(written.at(-1)).toMatchObject({ leafUuid: "0000000b-1111-4222-8333-abcdefabcdef" });
});

test("what was said here after a Claude Code session goes on from its last message, not from a later line of an older one", async () => {
  const directory = stores.unverified();
  const uuid = (n: number): string => `0000000${n}-1111-4222-8333-abcdefabcdef`;
  const line = (n: number, parent: number | undefined, rest: object): string =>
    JSON.stringify({
      uuid: uuid(n),
      parentUuid: parent === undefined ? null : uuid(parent),
      sessionId: CLAUDE,
      version: "2.1.284",
      // No thousandths of a second.
      timestamp: `2026-09-14T08:00:0${n}Z`,
      ...rest,
    });
  const say = (role: string, content: string): object => ({ type: role, message: { role, content } });
  const lines = [
    line(1, undefined, say("user", "one")),
    line(2, 1, say("assistant", "two")),
    line(3, 2, say("user", "three")),
    line(4, 3, say("assistant", "four")),
    line(5, 1, { type: "attachment", attachment: { type: "hook_success", content: "late" } }),
  ];
  writeFileSync(join(directory, `${CLAUDE}.jsonl`), `${lines.join("\n")}\n`);
  const store = await stores.open();
  await store.importFrom("claude-code", { path: directory });
  const first = await again(stores, store, "claude-code");
  expect(await shown(first.other)).toEqual(await shown(store));
  await store.session(CLAUDE).append({ role: "user", content: "five" });
  const { other } = await again(stores, store, "claude-code");
  expect((await other.session(CLAUDE).history()).map(({ data }) => data.content)).toEqual([
    "one",
    "two",
    "three",
    "four",
    "five",
  ]);
  expect(await other.session(CLAUDE).branches()).toHaveLength(1);
});

test("lines that have no uuid, or say nothing, keep their names on the way to Claude Code and back", async () => {
  const directory = stores.unverified();
  const lines = [
    { timestamp: "2026-09-14T08:00:00.000Z", sessionId: "s", message: { content: "one", role: "user" } },
    {
      timestamp: "2026-09-14T08:00:01.000Z",
      sessionId: "s",
      message: { role: "assistant", usage: { output_tokens: 1 } },
    },
  ];
  writeFileSync(join(directory, "s.jsonl"), lines.map((each) => `${JSON.stringify(each)}\n`).join(""));
  const store = await stores.open();
  await store.importFrom("claude-code", { path: directory });
  const { other } = await again(stores, store, "claude-code");
  expect(await shown(other)).toEqual(await shown(store));
});

test("picoclaw sessions go back as they were, with what they are called", async () => {
  const store = await stores.open();
  const { sessions } = await store.importFrom("picoclaw", { path: join(FIXTURES, "picoclaw") });
  const path = stores.unverified();
  const report = await store.exportTo(path, { format: "picoclaw" });
  // Two keys have one name there.
  expect(report.problems).toMatchObject([{ reason: expect.stringContaining("will not find it") }]);
  expect(report.sessions).toBe(sessions.filter(({ status }) => status === "created").length);
  const other = await stores.open();
  expect((await other.importFrom("auto", { path })).problems).toEqual([]);
  expect(await shown(other)).toEqual(await shown(store));
  expect(readdirSync(path).filter((name) => name.startsWith("agent_main_irc"))).toHaveLength(4);
  const meta = readFileSync(join(path, "agent_main_telegram_direct_ann.meta.json"), "utf8");
  expect(JSON.parse(meta)).toMatchObject({ key: "agent:main:telegram:direct:ann", skip: 0, count: 2 });
});
