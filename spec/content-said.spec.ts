// Pieces of messages that say a thing in a way of their own: aloud, in a tool's own language, or that nobody allowed it.
import { expect, test } from "vitest";
import { blocksOf } from "../lib/content.ts";

test("OpenAI: what was said aloud, and a call of a tool with its own language", () => {
  const audio = { id: "audio_1", data: "aGVsbG8h", transcript: "Look." };
  const calls = [{ id: "c", type: "custom", custom: { name: "run", input: "ls" } }];
  expect(blocksOf({ data: { role: "assistant", content: null, audio, tool_calls: calls } })).toMatchObject([
    { kind: "text", text: "Look." },
    { kind: "file", media: { base64: "aGVsbG8h" } },
    { kind: "call", id: "c", name: "run", input: "ls" },
  ]);
});

test("Anthropic: what its own tools gave back", () => {
  const content = [
    { type: "bash_code_execution_tool_result", tool_use_id: "c", content: [{ type: "text", text: "ok" }] },
  ];
  expect(blocksOf({ data: { role: "assistant", content } })).toMatchObject([
    { kind: "result", id: "c", isError: false, content: [{ text: "ok" }] },
  ]);
});

test("AI SDK: a call that nobody allowed", () => {
  const part = { type: "tool-rm", toolCallId: "c", state: "output-denied", input: {} };
  const said = (approval: object): unknown => blocksOf({ data: { role: "assistant", parts: [{ ...part, approval }] } });
  const denied = (text: string): unknown[] => [
    { kind: "call", id: "c", name: "rm" },
    { kind: "result", id: "c", isError: true, content: [{ kind: "text", text }] },
  ];
  expect(said({ id: "a", approved: false, reason: "not that" })).toMatchObject(denied("not that"));
  expect(said({ id: "a", approved: false })).toMatchObject(denied("denied"));
});
