// picoclaw's sessions come in: the files in fixtures/import/picoclaw have its formats and its accidents.
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Store } from "../lib/index.ts";
import { useStores } from "./helpers/stores.ts";
import { filesOf } from "./helpers/files.ts";

const stores = useStores();
const FIXTURE = new URL("../fixtures/import/picoclaw", import.meta.url).pathname;
const ANN = "agent:main:telegram:direct:ann";
const SK = `sk_v1_${"5e".repeat(32)}`;

async function texts(store: Store<any, any>, id: string): Promise<string[]> {
  return (await store.session(id).history()).map(({ data }) => data.content as string);
}

/** The fixture's files in a directory of the spec's own. */
function copyOfFixture(): string {
  const directory = stores.unverified();
  cpSync(join(FIXTURE, "sessions"), directory, { recursive: true });
  return directory;
}

test("each session comes in under the key in its content, with its messages as they stood", async () => {
  const store = await stores.open();
  const report = await store.importFrom("picoclaw", { path: FIXTURE });
  expect(report.source).toBe("picoclaw");
  expect(Object.fromEntries(report.sessions.map(({ id, status, added }) => [id, [status, added]]))).toEqual({
    [ANN]: ["created", 6],
    "agent:main:irc:group:a/b": ["created", 2],
    "agent:main:irc:group:a:b": ["created", 1],
    agent_main_cli_direct_ben: ["created", 2],
    [SK]: ["created", 3],
    "agent:main:slack:direct:cy": ["alias", 0],
  });
  expect(await texts(store, "agent:main:irc:group:a/b")).toEqual(["hello from the topic", "hello topic"]);
  expect(await texts(store, "agent:main:irc:group:a:b")).toEqual(["hello from the room"]);
  const [, , photo] = await store.session(SK).history();
  expect(photo!.data).toEqual({
    role: "user",
    content: "And of Chile?",
    created_at: "2026-06-25T12:00:00Z",
    media: ["media://a1"],
    attachments: [{ type: "image", ref: "media://a1", filename: "map.png", content_type: "image/png" }],
  });
});

test("what was truncated is kept and hidden, the summary comes along, the migrated file gives the times", async () => {
  const store = await stores.open();
  await store.importFrom("picoclaw", { path: FIXTURE });
  expect(await texts(store, ANN)).toEqual(["And tomorrow?", "Tomorrow none of them. <b>Rest</b> & enjoy."]);
  const log = readFileSync(
    [...filesOf(store.path)].find((path) => path.includes("%3aann"))!,
    "utf8",
  );
  expect(log).toContain("Which of my plants need water today?");
  expect(await store.get(ANN)).toMatchObject({
    summary: "Plants and their water; today the fern.",
    createdAt: "2026-03-02T01:14:05.250Z",
    updatedAt: "2026-06-14T18:30:14.500Z",
    metadata: { source: "picoclaw" },
  });
});

test("what does not parse is reported and skipped, the others go on", async () => {
  const store = await stores.open();
  const { problems } = await store.importFrom("picoclaw", { path: FIXTURE });
  expect(problems.map(({ path, line, reason }) => [path.split("/").at(-1), line, reason])).toEqual([
    ["agent_main_cli_direct_dee.json", undefined, "no session: it does not parse, or has no messages"],
    [
      "agent_main_cli_direct_ben.jsonl",
      2,
      "a torn write; the message that was glued to it is whole and was taken over",
    ],
    ["agent_main_cli_direct_ben.jsonl", 4, "no message: a torn or damaged line"],
  ]);
  expect(await texts(store, "agent_main_cli_direct_ben")).toEqual(["remind me at five", "I will remind you at five."]);
});

test("a single file brings its session, whichever of its files it is", async () => {
  for (const name of [".json.migrated", ".jsonl", ".meta.json"]) {
    const store = await stores.open();
    const path = join(FIXTURE, "sessions", `agent_main_telegram_direct_ann${name}`);
    expect((await store.importFrom("auto", { path })).sessions).toMatchObject([{ id: ANN, added: 6 }]);
  }
});

test("a session that grew, and one whose beginning picoclaw has dropped, add what is new and no more", async () => {
  const source = copyOfFixture();
  const store = await stores.open();
  await store.importFrom("picoclaw", { path: source });
  const log = join(source, `${SK}.jsonl`);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  const answer = JSON.stringify({ role: "assistant", content: "Santiago.", created_at: "2026-06-25T12:00:03Z" });
  writeFileSync(log, `${[...lines, answer].join("\n")}\n`);
  let { sessions } = await store.importFrom("picoclaw", { path: source });
  expect(sessions.find(({ id }) => id === SK)).toMatchObject({ status: "grown", added: 1 });
  expect(sessions.filter(({ status }) => status === "grown")).toHaveLength(1);
  expect(await texts(store, SK)).toEqual(["What is the capital of Peru?", "Lima.", "And of Chile?", "Santiago."]);

  // Compacted: the first two lines are gone for good.
  writeFileSync(log, `${[lines[2], answer].join("\n")}\n`);
  ({ sessions } = await store.importFrom("picoclaw", { path: source }));
  expect(sessions.find(({ id }) => id === SK)).toMatchObject({ status: "grown", added: 0 });
  expect(await texts(store, SK)).toEqual(["And of Chile?", "Santiago."]);
  ({ sessions } = await store.importFrom("picoclaw", { path: source }));
  expect(sessions.find(({ id }) => id === SK)).toMatchObject({ status: "unchanged", added: 0 });
});

test("a session that picoclaw truncated whole, and that goes on, has what was said since, once", async () => {
  const source = stores.unverified();
  // Older files have no times in their messages.
  const say = (count: number, skip: number): void => {
    const lines = Array.from({ length: count }, (_, n) => JSON.stringify({ role: "user", content: `line ${n}` }));
    writeFileSync(join(source, "a.jsonl"), `${lines.join("\n")}\n`);
    const [created, updated] = ["2026-06-25T12:00:00Z", "2026-06-25T12:00:03Z"];
    const meta = { key: "a", summary: "lines", skip, count, created_at: created, updated_at: updated };
    writeFileSync(join(source, "a.meta.json"), JSON.stringify(meta));
  };
  const store = await stores.open();
  say(2, 2);
  await store.importFrom("picoclaw", { path: source });
  expect(await texts(store, "a")).toEqual([]);
  say(4, 2);
  expect((await store.importFrom("picoclaw", { path: source })).sessions).toMatchObject([{ added: 2 }]);
  expect(await texts(store, "a")).toEqual(["line 2", "line 3"]);
  say(5, 3);
  expect((await store.importFrom("picoclaw", { path: source })).sessions).toMatchObject([{ added: 1 }]);
  expect(await texts(store, "a")).toEqual(["line 3", "line 4"]);
  expect((await store.importFrom("picoclaw", { path: source })).sessions).toMatchObject([{ status: "unchanged" }]);
});

test("a log with nothing but a torn line says nothing of what was migrated: it stays in sight, and one that is empty hides it", async () => {
  const source = stores.unverified();
  const messages = ["one", "two"].map((content) => ({ role: "user", content, created_at: "2026-06-25T12:00:00Z" }));
  writeFileSync(
    join(source, "a.json.migrated"),
    JSON.stringify({ key: "a", messages, created: "2026-06-25T12:00:00Z" }),
  );
  writeFileSync(join(source, "a.meta.json"), JSON.stringify({ key: "a", summary: "", skip: 0, count: 2 }));
  const lines = messages.map((message) => `${JSON.stringify(message)}\n`);
  const store = await stores.open();
  for (const [log, shown] of [
    [lines[0]!.slice(0, 20), ["one", "two"]],
    [lines.join(""), ["one", "two"]],
    ["", []],
  ] as const) {
    writeFileSync(join(source, "a.jsonl"), log);
    await store.importFrom("picoclaw", { path: source });
    expect(await texts(store, "a"), log).toEqual(shown);
  }
});

test("the same words said again are another message", async () => {
  const source = stores.unverified();
  const say = (times: number): void => {
    const lines = Array.from({ length: times }, () => JSON.stringify({ role: "user", content: "yes" }));
    writeFileSync(join(source, "a.jsonl"), `${lines.join("\n")}\n`);
  };
  say(3);
  const store = await stores.open();
  await store.importFrom("picoclaw", { path: source });
  expect(await texts(store, "a")).toEqual(["yes", "yes", "yes"]);
  say(5);
  await store.importFrom("picoclaw", { path: source });
  expect(await texts(store, "a")).toHaveLength(5);
});

test("a migration by picoclaw between two imports adds nothing twice", async () => {
  const source = stores.unverified();
  const messages = [
    { role: "user", content: "one" },
    { role: "assistant", content: "two" },
  ];
  const legacy = { key: "k:1", messages, created: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:01:00Z" };
  writeFileSync(join(source, "k_1.json"), JSON.stringify(legacy));
  const store = await stores.open();
  await store.importFrom("picoclaw", { path: source });
  renameSync(join(source, "k_1.json"), join(source, "k_1.json.migrated"));
  const migrated = messages.map((message) => ({ ...message, created_at: "2026-06-01T00:00:00Z" }));
  writeFileSync(join(source, "k_1.jsonl"), migrated.map((message) => `${JSON.stringify(message)}\n`).join(""));
  writeFileSync(join(source, "k_1.meta.json"), JSON.stringify({ key: "k:1", summary: "", skip: 0, count: 2 }));
  expect((await store.importFrom("picoclaw", { path: source })).sessions).toMatchObject([{ status: "unchanged" }]);
  rmSync(join(source, "k_1.json.migrated"));
  expect((await store.importFrom("picoclaw", { path: source })).sessions).toMatchObject([{ status: "unchanged" }]);
  expect(await texts(store, "k:1")).toEqual(["one", "two"]);
});

test("with markMigrated the files of what was read back are renamed, all others stay", async () => {
  const source = copyOfFixture();
  const before = filesOf(source);
  const store = await stores.open();
  expect((await store.importFrom("picoclaw", { path: source, markMigrated: true, dryRun: true })).marked).toEqual([]);
  expect(filesOf(source)).toEqual(before);
  const { marked, problems } = await store.importFrom("picoclaw", { path: source, markMigrated: true });
  const troubled = problems.map(({ path }) => path);
  expect(troubled).toHaveLength(3);
  const expected = before.map((path) =>
    path.endsWith(".migrated") || troubled.includes(path) ? path : `${path}.migrated`,
  );
  expect(filesOf(source)).toEqual(expected.toSorted());
  expect(marked.toSorted()).toEqual(expected.filter((path) => !before.includes(path)).toSorted());
  const again = await store.importFrom("picoclaw", { path: source, markMigrated: true });
  expect(again.marked).toEqual([]);
  expect(again.sessions.every(({ status }) => status === "unchanged" || status === "alias")).toBe(true);
});

test("one key in two directories is one session: neither hides the other's messages, and a second import adds nothing", async () => {
  const source = stores.unverified();
  const legacy = (...texts: string[]): string =>
    JSON.stringify({
      key: "agent:main:main",
      messages: texts.map((content) => ({ role: "user", content })),
      created: "2026-01-01T00:00:00Z",
      updated: "2026-01-01T00:01:00Z",
    });
  for (const [name, ...texts] of [
    ["A", "a1", "a2"],
    ["B", "b1"],
  ]) {
    mkdirSync(join(source, name!));
    writeFileSync(join(source, name!, "a.json"), legacy(...texts));
  }
  const store = await stores.open();
  await store.importFrom("picoclaw", { path: source });
  expect(await texts(store, "agent:main:main")).toEqual(["a1", "a2", "b1"]);
  const again = await store.importFrom("picoclaw", { path: source });
  expect(again.sessions).toMatchObject([{ status: "unchanged" }]);
});

test("a message that is refused is told at every import, and the others come in once", async () => {
  const source = stores.unverified();
  let deep: unknown = "deep";
  for (let level = 0; level < 300; level++) deep = [deep];
  const messages = [
    { role: "user", content: "deep", deep },
    { role: "user", content: "ok" },
    { role: "user", content: "ok2" },
  ];
  writeFileSync(join(source, "a.jsonl"), messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
  const store = await stores.open();
  for (const status of ["created", "unchanged", "unchanged"]) {
    const { sessions, problems } = await store.importFrom("picoclaw", { path: source });
    expect(sessions).toMatchObject([{ status }]);
    expect(problems).toMatchObject([{ line: 1, reason: expect.stringContaining("deeper than 200 levels") }]);
    expect(await texts(store, "a")).toEqual(["ok", "ok2"]);
  }
});

test("times that nobody has set, or that no stamp could follow, are none; one without a zone is UTC", async () => {
  const source = stores.unverified();
  const times = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-02T03:04:05"];
  const lines = times.map((created_at, n) => `${JSON.stringify({ role: "user", content: `${n}`, created_at })}\n`);
  writeFileSync(join(source, "a.jsonl"), lines.join(""));
  writeFileSync(join(source, "a.meta.json"), JSON.stringify({ key: "a", skip: 0, created_at: "2026-01-01T00:00:00Z" }));
  const store = await stores.open();
  await store.importFrom("picoclaw", { path: source });
  const at = (await store.session("a").history()).map((entry) => entry.at.slice(0, 19));
  expect(at).toEqual(["2026-01-01T00:00:00", "2026-01-01T00:00:00", "2026-01-02T03:04:05"]);
});
