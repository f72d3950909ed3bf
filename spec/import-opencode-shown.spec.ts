// What opencode's messages say can be read without knowing opencode: by show, search and every exporter.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf } from "../lib/content.ts";
import { OPENCODE, WRAP } from "./helpers/opencode.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const TREE = join(OPENCODE, "files");

test("texts, thoughts, calls with their results, pictures and errors can be read without knowing opencode", async () => {
  const store = await stores.open();
  await store.importFrom("opencode", { path: TREE });
  const history = await store.session(WRAP).history();
  const [asked, answered, , stopped] = history.map(({ data, parts }) =>
    blocksOf({ data, parts: parts.filter((part) => part.data.type !== "record") }).map((block) => {
      if (block.kind === "result") return ["result", block.id, block.isError, (block.content[0] as any).text];
      if (block.kind === "call") return ["call", block.id, block.name, block.input];
      if (block.kind === "image" || block.kind === "file") return [block.kind, block.media.name, block.media.mime];
      return [block.kind, "text" in block ? block.text : block.type];
    }),
  );
  expect(asked).toEqual([
    ["text", "Why is the spectrogram of wren.wav empty?"],
    ["text", 'Called the Read tool with the following input: {"filePath":"wren.png"}'],
    ["image", "wren.png", "image/png"],
  ]);
  expect(answered).toEqual([
    ["reasoning", "The file may be silent."],
    ["call", "call_1", "bash", { command: "sox wren.wav -n stat" }],
    ["result", "call_1", false, "Maximum amplitude: 0.000\n"],
    ["call", "call_2", "read", { filePath: "/nowhere" }],
    ["result", "call_2", true, "no such file"],
    ["text", "The recording is silent: 静かです 🐦."],
  ]);
  expect(stopped).toEqual([
    ["text", "I will del"],
    ["text", "MessageAbortedError: the user stopped it"],
  ]);
});

test("messages of the first versions, which had their parts in them", async () => {
  const home = stores.unverified();
  const room = join(home, "project", "home-ann", "storage", "session");
  const [id, first, second] = ["ses_first", "msg_first", "msg_second"];
  const put = (path: string, value: object): void => {
    mkdirSync(dirname(join(room, path)), { recursive: true });
    writeFileSync(join(room, path), JSON.stringify(value));
  };
  const time = Date.UTC(2025, 5, 10);
  put(`info/${id}.json`, {
    id,
    title: "New session - 2025-06-10T00:00:00.000Z",
    time: { created: time, updated: time },
  });
  const call = { state: "result", toolCallId: "c1", toolName: "bash", args: { command: "ls" }, result: "wren.wav" };
  put(`message/${id}/${second}.json`, {
    id: second,
    role: "assistant",
    parts: [
      { type: "tool-invocation", toolInvocation: call },
      { type: "text", text: "One." },
    ],
    metadata: { sessionID: id, time: { created: time + 2000 }, assistant: { modelID: "small-0" } },
  });
  put(`message/${id}/${first}.json`, {
    id: first,
    role: "user",
    parts: [{ type: "text", text: "How many files?" }],
    metadata: { sessionID: id, time: { created: time + 1000 } },
  });
  const store = await stores.open();
  expect((await store.importFrom("auto", { path: home })).problems).toEqual([]);
  expect((await store.get(id))!).toMatchObject({ title: "How many files?" });
  const history = await store.session(id).history();
  expect(history.map(({ at, data }) => [at.slice(0, 19), blocksOf({ data }).map(({ kind }) => kind)])).toEqual([
    ["2025-06-10T00:00:01", ["text"]],
    ["2025-06-10T00:00:02", ["call", "result", "text"]],
  ]);
});

test("an agent that is called and one that is set to work are texts; what only marks a step says nothing", () => {
  const parts = [
    { type: "agent", name: "review", source: { value: "@review", start: 0, end: 7 } },
    { type: "subtask", prompt: "Look at the tests.", description: "tests", agent: "review" },
    { type: "step-start", snapshot: "a" },
    { type: "snapshot", snapshot: "b" },
    { type: "step-finish", reason: "stop", cost: 0 },
  ];
  expect(blocksOf({ data: { role: "user", content: "" }, parts: parts.map((data) => ({ data })) })).toEqual([
    { kind: "text", type: "agent", text: "@review" },
    { kind: "text", type: "subtask", text: "Look at the tests." },
  ]);
});
