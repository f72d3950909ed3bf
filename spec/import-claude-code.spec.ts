// Claude Code's conversations come in. What else its files have: import-claude-code-files.spec.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const FIXTURE = new URL("../fixtures/import/claude-code/projects/-home-ann-birdsong", import.meta.url).pathname;
const ID = "7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4";
const FILE = join(FIXTURE, `${ID}.jsonl`);

/** Each message in a word or two. */
function sketch({ role, content }: { role: string; content: any }): string {
  const block = (each: any): string => (each.type === "text" ? each.text.slice(0, 12) : each.type);
  return `${role}: ${typeof content === "string" ? content.slice(0, 12) : content.map(block).join(" + ")}`;
}

test("a conversation comes in: answers in one piece, prompts that were typed meanwhile, no subagent's line", async () => {
  const store = await stores.open();
  const report = await store.importFrom("claude-code", { path: FIXTURE });
  expect(report.sessions).toMatchObject([
    { id: ID, status: "created", messages: 11, added: 11 },
    { id: `${ID}.agent-a1`, status: "created", messages: 1, added: 1 },
  ]);
  expect(report.problems).toEqual([]);
  const history = await store.session(ID).history();
  expect(history.map(({ data }) => sketch(data))).toEqual([
    "user: The parser o",
    "assistant: thinking + I will look  + tool_use",
    "user: tool_result",
    "assistant: Found it: `n",
    "user: Good. Mend i",
    "user: Only those o",
    "assistant: Mended. Skip",
  ]);
  expect(history[1]!.data).toMatchObject({
    model: "claude-example-1",
    usage: { output_tokens: 96 },
    blocks: [1, 1, 1],
  });
  expect(history[0]!.at).toMatch(/^2026-09-14T08:00:01\.000Z-/);
});

test("the turn that was edited is a branch of its own", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: FIXTURE });
  const branches = await store.session(ID).branches();
  expect(branches.map(({ messages, current }) => [messages, current])).toEqual([
    [7, true],
    [4, false],
  ]);
  await store.session(ID).checkout(branches[1]!.id);
  expect((await store.session(ID).history()).map(({ data }) => sketch(data)).slice(4)).toEqual([
    "user: Good. Write ",
    "assistant: tool_use",
    "user: tool_result",
    "assistant: The test is ",
  ]);
});

test("title, directory, project and times come along", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: FIXTURE });
  expect(await store.get(ID)).toMatchObject({
    title: "Recordings with dots in their names",
    titleSource: "auto",
    directory: "/home/ann/birdsong",
    project: "birdsong",
    metadata: { source: "claude-code", gitBranch: "main" },
    createdAt: "2026-09-14T08:00:00.000Z",
    updatedAt: "2026-09-14T08:03:30.000Z",
  });
});

test("every line of the conversation can be given back as it was", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: FIXTURE });
  const session = store.session(ID);
  const lines: unknown[] = [];
  const seen = new Set<string>();
  for (const { id } of await session.branches()) {
    await session.checkout(id);
    for (const entry of await session.history()) {
      if (seen.has(entry.id)) continue;
      seen.add(entry.id);
      const { content, blocks, records } = entry.data;
      let from = 0;
      for (const [index, record] of records.entries()) {
        const to = blocks === undefined ? undefined : from + blocks[index];
        const own = blocks === undefined ? content : content.slice(from, to);
        lines.push(record.message === undefined ? record : { ...record, message: { ...record.message, content: own } });
        from = to ?? 0;
      }
    }
  }
  const said = readFileSync(FILE, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter((line) => !line.isSidechain && (line.message !== undefined || line.attachment?.type === "queued_command"));
  const byUuid = (a: any, b: any): number => (a.uuid < b.uuid ? -1 : 1);
  expect(lines.toSorted(byUuid)).toEqual(said.toSorted(byUuid));
});

test("a transcript that is still being written grows in the store, too", async () => {
  const directory = stores.unverified();
  const path = join(directory, `${ID}.jsonl`);
  const lines = readFileSync(FILE, "utf8").trimEnd().split("\n");
  const whole = await stores.open();
  await whole.importFrom("claude-code", { path: FILE });
  const grown = await stores.open();
  writeFileSync(path, `${lines[0]}\n`);
  for (const line of lines.slice(1)) {
    // Half a line first: it is left for the next import.
    appendFileSync(path, line.slice(0, 40));
    const torn = await grown.importFrom("claude-code", { path });
    expect(torn.problems).toMatchObject([{ reason: "a torn line at the end" }]);
    appendFileSync(path, `${line.slice(40)}\n`);
    expect((await grown.importFrom("claude-code", { path })).problems).toEqual([]);
    expect((await grown.importFrom("claude-code", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
  }
  const [one, two] = await Promise.all([whole.session(ID).history(), grown.session(ID).history()]);
  expect(two.map(({ id, data }) => [id, data])).toEqual(one.map(({ id, data }) => [id, data]));
  expect((await grown.session(ID).branches()).length).toBe(2);
  expect((await grown.get(ID))!.id).toBe(ID);
  expect(await grown.session(ID).info()).toMatchObject({ title: "Recordings with dots in their names" });
});

test("damaged lines, lines that are no objects, times that are none and ids that come twice are survived", async () => {
  const directory = stores.unverified();
  const path = join(directory, "odd.jsonl");
  const said = (uuid: string | undefined, content: unknown, rest: object = {}): string =>
    JSON.stringify({
      type: "user",
      sessionId: "odd",
      uuid,
      timestamp: "never",
      message: { role: "user", content },
      ...rest,
    });
  writeFileSync(
    path,
    `\uFEFF${said("u1", "first", { timestamp: "2026-01-01T00:00:00Z" })}\r\n\n42\n{"half\n${[
      said("u1", "first", { timestamp: "2026-01-01T00:00:00Z" }),
      said("u1", "another with the same id"),
      said(undefined, "no id"),
      said(undefined, "no id"),
      said("u2", [{ type: "text", text: "a\ud800b" }]),
      JSON.stringify({ sessionId: "odd", uuid: "u3", message: { role: "assistant", model: "m", usage: {} } }),
      JSON.stringify({ type: "user", sessionId: "odd", uuid: "u4", message: "error" }),
    ].join("\n")}`,
  );
  const store = await stores.open();
  const { problems, sessions } = await store.importFrom("auto", { path });
  expect(problems.map(({ line }) => line)).toEqual([3, 4]);
  expect(sessions).toMatchObject([{ id: "odd", messages: 7, added: 7 }]);
  const history = await store.session("odd").history();
  expect(history.map(({ id, data }) => [id.slice(0, 4), data.content])).toEqual([
    ["u1", "first"],
    ["u1~2", "another with the same id"],
    [expect.any(String), "no id"],
    [expect.any(String), "no id"],
    ["u2", [{ type: "text", text: "a\ufffdb" }]],
    ["u3", ""],
    ["u4", "error"],
  ]);
  expect((await store.importFrom("auto", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
});

test("lines of one answer that differ are all kept, whatever their uuids; one that stands twice counts once", async () => {
  const path = join(stores.unverified(), "answer.jsonl");
  const block = (text: string): string =>
    JSON.stringify({
      type: "assistant",
      sessionId: "answer",
      uuid: "same",
      message: { id: "msg", role: "assistant", content: [{ type: "text", text }] },
    });
  writeFileSync(path, `${[block("one"), block("two"), block("one")].join("\n")}\n`);
  const store = await stores.open();
  await store.importFrom("auto", { path });
  const [answer, ...others] = await store.session("answer").history();
  expect(others).toEqual([]);
  expect(answer!.data.content.map(({ text }: { text: string }) => text)).toEqual(["one", "two"]);
});
