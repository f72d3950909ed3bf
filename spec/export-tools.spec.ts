// Sessions that no tool has made, or that went on here, written for picoclaw and Claude Code: what these can hold comes back.
import "./helpers/in-memory.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SessionInfo } from "../lib/index.ts";
import { collect, filesIn, useStores } from "./helpers/stores.ts";
import { again, expectChain, recordsIn } from "./helpers/transcripts.ts";

const stores = useStores();
const FIXTURES = new URL("../fixtures/import", import.meta.url).pathname;
const CLAUDE = "7d3c1f52-8a40-4b6e-9d17-2f60c5a9e1b4";

const word = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() === text && text !== "");
const said = fc.array(
  fc.oneof(
    fc.record({ role: fc.constantFrom("user", "system"), content: word }),
    fc.record({ role: fc.constant("assistant"), content: word }),
    fc.record({
      role: fc.constant("assistant"),
      content: word,
      tool_calls: fc.array(
        fc.record({
          id: fc.uuid(),
          type: fc.constant("function"),
          function: fc.record({
            name: fc.constantFrom("read", "run"),
            arguments: fc.object().map((value) => JSON.stringify(value)),
          }),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
    fc.record({ role: fc.constant("tool"), tool_call_id: fc.uuid(), content: word }),
  ),
  { minLength: 1, maxLength: 8 },
);

test("any session in OpenAI's shape goes to picoclaw and back: texts, calls, results, times", async () => {
  await fc.assert(
    fc.asyncProperty(said, async (messages) => {
      const store = await stores.open();
      const session = await store.createSession({ id: "agent:main:x", summary: "so far" });
      for (const message of messages) await session.append(message);
      const { other } = await again(stores, store, "picoclaw");
      const history = await other.session("agent:main:x").history();
      const timeless = history.map(({ data: { created_at: _time, ...data } }) => data);
      expect(timeless).toEqual(JSON.parse(JSON.stringify(messages).toWellFormed()));
      expect(history.map(({ at }) => at.slice(0, 24))).toEqual(
        (await session.history()).map(({ at }) => at.slice(0, 24)),
      );
      expect(await other.get("agent:main:x")).toMatchObject({ summary: "so far" });
      for (const each of [store, other]) await each.close();
    }),
    { numRuns: process.env["TURNLOG_LONG"] ? 300 : 15 },
  );
});

test("any session in OpenAI's shape goes to Claude Code in its own shape, a chain of lines with every call and result", async () => {
  await fc.assert(
    fc.asyncProperty(said, async (messages) => {
      const store = await stores.open();
      const session = await store.createSession({ title: "t", directory: "/home/ann/x" });
      for (const message of messages) await session.append(message);
      const { other, path } = await again(stores, store, "claude-code");
      expectChain(recordsIn(filesIn(path)[0]!));
      const history = await other.session(session.id).history();
      expect(history.map(({ data: { role, content } }) => ({ role, content }))).toEqual(
        messages.map((message: any) => {
          const text = message.content.toWellFormed();
          if (message.role === "tool") {
            const content = [{ type: "tool_result", tool_use_id: message.tool_call_id, content: text }];
            return { role: "user", content };
          }
          if (message.role !== "assistant") return { role: "user", content: text };
          const calls = (message.tool_calls ?? []).map((call: any) => ({
            type: "tool_use",
            id: call.id,
            name: call.function.name,
            input: JSON.parse(call.function.arguments.toWellFormed()),
          }));
          return { role: "assistant", content: [{ type: "text", text }, ...calls] };
        }),
      );
      expect(history.map(({ id }) => id)).toEqual((await session.history()).map(({ id }) => id));
      expect(history.map(({ at }) => at.slice(0, 24))).toEqual(
        (await session.history()).map(({ at }) => at.slice(0, 24)),
      );
      const [one, two] = [await store.get(session.id), await other.get(session.id)] as SessionInfo[];
      expect(two).toMatchObject({
        title: "t",
        titleSource: "user",
        directory: "/home/ann/x",
        createdAt: one!.createdAt,
      });
      for (const each of [store, other]) await each.close();
    }),
    { numRuns: process.env["TURNLOG_LONG"] ? 300 : 15 },
  );
});

test("whatever is in a message has its place in a transcript, and only what a model takes is told it", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "not a UUID", directory: "/home/ann/a b" });
  await session.append({ role: "system", content: "Be brief." });
  await session.append({
    role: "user",
    content: [
      { type: "text", text: "Look" },
      { type: "image_url", image_url: { url: "data:image/png;base64,aGVsbG8h" } },
      { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
    ],
  });
  await session.append({
    role: "assistant",
    parts: [
      { type: "reasoning", text: "unproven" },
      { type: "text", text: "I call." },
      { type: "tool-read", toolCallId: "c1", state: "output-available", input: { path: "f" }, output: "text" },
      { type: "dynamic-tool", toolName: "run", toolCallId: "c2", state: "output-error", input: {}, errorText: "no" },
      { type: "text", text: "Done." },
    ],
  });
  const late = await session.append({ role: "assistant", content: "" });
  await session.putPart(late.id, { type: "text", text: "a part" });
  const { other, path } = await again(stores, store, "claude-code");
  const [file] = filesIn(path);
  expect(file).toMatch(/\/-home-ann-a-b\/[0-9a-f-]{36}\.jsonl$/);
  const lines = recordsIn(file!);
  expectChain(lines);
  expect(lines.filter(({ type }) => type === "system").map(({ content }) => content)).toEqual(["unproven"]);
  const [info] = await collect(other.sessions());
  const history = await other.session(info!.id).history();
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "aGVsbG8h" } };
  const source = { type: "base64", media_type: "application/pdf", data: "JVBERi0=" };
  expect(history.map(({ data }) => [data.role, data.content])).toEqual([
    ["user", "Be brief."],
    ["user", [{ type: "text", text: "Look" }, image, { type: "document", source, title: "a.pdf" }]],
    [
      "assistant",
      [
        { type: "text", text: "I call." },
        { type: "tool_use", id: "c1", name: "read", input: { path: "f" } },
      ],
    ],
    ["user", [{ type: "tool_result", tool_use_id: "c1", content: "text" }]],
    ["assistant", [{ type: "tool_use", id: "c2", name: "run", input: {} }]],
    ["user", [{ type: "tool_result", tool_use_id: "c2", content: "no", is_error: true }]],
    ["assistant", [{ type: "text", text: "Done." }]],
    ["assistant", [{ type: "text", text: "a part" }]],
  ]);
  expect(lines.filter(({ isMeta, type }) => isMeta === true && type === "user")).toHaveLength(1);
});

test("the same in picoclaw's shape: one text a message, pictures beside it, a message for each result", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "agent:main:y" });
  await session.append({
    role: "user",
    content: [
      { type: "text", text: "Look" },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "aGVsbG8h" } },
      { type: "file", filename: "a.pdf", mediaType: "application/pdf", url: "https://example.org/a.pdf" },
    ],
  });
  await session.append({
    role: "model",
    content: [
      { text: "Thinking", thought: true },
      { text: "I call." },
      { functionCall: { name: "read", args: { a: 1 } } },
    ],
  });
  await session.append({
    role: "user",
    content: [{ functionResponse: { name: "read", response: { output: "text" } } }],
  });
  const { other } = await again(stores, store, "picoclaw");
  const history = await other.session("agent:main:y").history();
  const called = { name: "read", arguments: '{"a":1}' };
  expect(history.map(({ data: { created_at: _time, ...data } }) => data)).toEqual([
    {
      role: "user",
      content: "Look",
      media: ["data:image/png;base64,aGVsbG8h"],
      attachments: [
        { type: "file", url: "https://example.org/a.pdf", filename: "a.pdf", content_type: "application/pdf" },
      ],
    },
    {
      role: "assistant",
      content: "I call.",
      reasoning_content: "Thinking",
      tool_calls: [{ id: "call_turnlog_1", type: "function", function: called }],
    },
    { role: "tool", content: '{"output":"text"}', tool_call_id: "call_turnlog_1" },
  ]);
});

test("what is there already stays: neither tool's files are replaced, and the report tells", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "agent:main:z" });
  await session.append({ role: "user", content: "hi" });
  for (const format of ["claude-code", "picoclaw"] as const) {
    const path = stores.unverified();
    expect(await store.exportTo(path, { format })).toMatchObject({ sessions: 1, problems: [] });
    const before = filesIn(path).map((file) => [file, readFileSync(file, "utf8")]);
    await session.append({ role: "user", content: "more" });
    const report = await store.exportTo(path, { format });
    expect(report).toMatchObject({ sessions: 0, problems: [{ id: session.id }] });
    expect(filesIn(path).map((file) => [file, readFileSync(file, "utf8")])).toEqual(before);
  }
});

test("a session that went on here after its import goes back whole: what came, as it was, and what is new after it", async () => {
  const store = await stores.open();
  await store.importFrom("claude-code", { path: join(FIXTURES, "claude-code") });
  const session = store.session(CLAUDE);
  const before = await session.history();
  await session.putPart(before.at(-1)!.id, { type: "text", text: "added" });
  await session.append({ role: "user", content: "And now?" });
  await session.truncate({ before: before[1]!.id });
  const { other, path } = await again(stores, store, "claude-code");
  const lines = recordsIn(filesIn(path)[0]!);
  expectChain(lines);
  expect(new Set(lines.map(({ sessionId }) => sessionId))).toEqual(new Set([CLAUDE]));
  const history = await other.session(CLAUDE).history();
  expect(history.slice(0, 6).map(({ id, data }) => [id, data])).toEqual(
    before.slice(1).map(({ id, data }) => [id, data]),
  );
  expect(history.slice(6).map(({ data }) => data.content)).toEqual([[{ type: "text", text: "added" }], "And now?"]);
});
