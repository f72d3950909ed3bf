// The pieces of messages in every shape that callers and tools give them.
import fc from "fast-check";
import { expect, test } from "vitest";
import { blocksOf, mediaBytes, roleOf } from "../lib/content.ts";
import type { Block } from "../lib/content.ts";

/** A piece in a few words. */
function sketch(block: Block): string {
  if (block.kind === "text" || block.kind === "reasoning") return `${block.kind} ${block.text}`;
  if (block.kind === "call") return `call ${block.id} ${block.name} ${JSON.stringify(block.input)}`;
  if (block.kind === "result")
    return `result ${block.id}${block.isError ? " error" : ""}: ${block.content.map(sketch).join(", ")}`;
  if (block.kind === "other") return `other ${block.type} ${JSON.stringify(block.value)}`;
  const { name, mime, url } = block.media;
  return [block.kind, name, mime, url, mediaBytes(block.media)].filter((each) => each !== undefined).join(" ");
}

const png = "data:image/png;base64,aGVsbG8h";

const cases: [string, object, string[]][] = [
  ["OpenAI: a text", { role: "user", content: "hi" }, ["text hi"]],
  [
    "OpenAI: parts",
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "image_url", image_url: { url: png } },
        { type: "image_url", image_url: { url: "https://example.org/a.png" } },
        { type: "input_audio", input_audio: { data: "aGVsbG8h", format: "wav" } },
        { type: "file", file: { file_data: "data:application/pdf;base64,aGVs", filename: "a.pdf" } },
      ],
    },
    [
      "text a",
      "image image/png 6",
      "image https://example.org/a.png",
      "file audio/wav 6",
      "file a.pdf application/pdf 3",
    ],
  ],
  [
    "OpenAI: calls, and what thought before them",
    {
      role: "assistant",
      content: null,
      reasoning_content: "think",
      tool_calls: [{ id: "c", type: "function", function: { name: "get", arguments: '{"a":1}' } }],
    },
    ["reasoning think", 'call c get "{\\"a\\":1}"'],
  ],
  ["OpenAI: a result", { role: "tool", tool_call_id: "c", content: "done" }, ["result c: text done"]],
  [
    "OpenAI: an old call",
    { role: "assistant", function_call: { name: "get", arguments: "{}" } },
    ['call undefined get "{}"'],
  ],
  [
    "Responses: items",
    { type: "function_call", id: "fc", call_id: "c", name: "get", arguments: "{}" },
    ['call c get "{}"'],
  ],
  ["Responses: an output", { type: "function_call_output", call_id: "c", output: "done" }, ["result c: text done"]],
  [
    "Responses: reasoning",
    { type: "reasoning", summary: [{ type: "summary_text", text: "short" }], content: null, encrypted_content: "x" },
    ["reasoning short"],
  ],
  [
    "Responses: a message",
    {
      type: "message",
      role: "assistant",
      content: [
        { type: "output_text", text: "a" },
        { type: "refusal", refusal: "no" },
      ],
    },
    ["text a", "text no"],
  ],
  [
    "Anthropic: blocks",
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "think", signature: "s" },
        { type: "redacted_thinking", data: "x" },
        { type: "tool_use", id: "c", name: "get", input: { a: 1 } },
        { type: "server_tool_use", id: "d", name: "search", input: {} },
      ],
    },
    ["reasoning think", "reasoning ", 'call c get {"a":1}', "call d search {}"],
  ],
  [
    "Anthropic: results, pictures, documents",
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "c",
          is_error: true,
          content: [
            { type: "text", text: "no" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "aGVs" } },
          ],
        },
        { type: "document", title: "t", source: { type: "base64", media_type: "application/pdf", data: "aGVs" } },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "words" } },
        { type: "image", source: { type: "url", url: "https://example.org/a.png" } },
      ],
    },
    [
      "result c error: text no, image image/png 3",
      "file t application/pdf 3",
      "file",
      "image https://example.org/a.png",
    ],
  ],
  [
    "AI SDK: a UIMessage",
    {
      role: "assistant",
      parts: [
        { type: "step-start" },
        { type: "reasoning", text: "think", state: "done" },
        { type: "text", text: "a", state: "done" },
        { type: "tool-get", toolCallId: "c", state: "output-available", input: { a: 1 }, output: { b: 2 } },
        { type: "dynamic-tool", toolName: "run", toolCallId: "d", state: "output-error", input: {}, errorText: "no" },
        { type: "tool-wait", toolCallId: "e", state: "input-available", input: {} },
        { type: "file", mediaType: "image/png", filename: "a.png", url: png },
        { type: "source-url", sourceId: "s", url: "https://example.org", title: "Site" },
        { type: "data-chart", data: [1] },
      ],
    },
    [
      "reasoning think",
      "text a",
      'call c get {"a":1}',
      'result c: other  {"b":2}',
      "call d run {}",
      "result d error: text no",
      "call e wait {}",
      "image a.png image/png 6",
      "file Site https://example.org",
      'other data-chart {"data":[1]}',
    ],
  ],
  [
    "AI SDK: ModelMessages",
    {
      role: "tool",
      content: [{ type: "tool-result", toolCallId: "c", toolName: "get", output: { type: "error-text", value: "no" } }],
    },
    ["result c error: text no"],
  ],
  [
    "AI SDK: version 4",
    {
      role: "assistant",
      content: "a",
      toolInvocations: [{ state: "result", toolCallId: "c", toolName: "get", args: { a: 1 }, result: 2 }],
    },
    ["text a", 'call c get {"a":1}', "result c: other  2"],
  ],
  [
    "pi",
    { role: "toolResult", toolCallId: "c", toolName: "get", content: [{ type: "text", text: "a" }], isError: true },
    ["result c error: text a"],
  ],
  [
    "pi: a call",
    { role: "assistant", content: [{ type: "toolCall", id: "c", name: "get", arguments: { a: 1 } }] },
    ['call c get {"a":1}'],
  ],
  [
    "pi: a picture",
    { role: "user", content: [{ type: "image", data: "aGVs", mimeType: "image/png" }] },
    ["image image/png 3"],
  ],
  [
    "pi: what its user ran",
    { role: "bashExecution", command: "ls", output: "a", exitCode: 1 },
    ['call undefined bash {"command":"ls"}', "result undefined error: text a"],
  ],
  [
    "gemini: parts",
    {
      role: "model",
      parts: [
        { text: "think", thought: true },
        { text: "a" },
        { functionCall: { id: "c", name: "get", args: { a: 1 } } },
        { functionResponse: { id: "c", name: "get", response: { output: "b" } } },
        { inlineData: { mimeType: "image/png", data: "aGVs" } },
      ],
    },
    ["reasoning think", "text a", 'call c get {"a":1}', 'result c: other  {"output":"b"}', "image image/png 3"],
  ],
  [
    "gemini-cli",
    {
      type: "gemini",
      content: "a",
      thoughts: [{ subject: "S", description: "D" }],
      toolCalls: [
        {
          id: "c",
          name: "get",
          args: { a: 1 },
          status: "success",
          result: [{ functionResponse: { id: "c", name: "get", response: { output: "b" } } }],
        },
      ],
    },
    ["reasoning S\n\nD", "text a", 'call c get {"a":1}', 'result c: other  {"output":"b"}'],
  ],
  [
    "picoclaw: files beside the text, each once",
    {
      role: "user",
      content: "a",
      media: ["media://a1", png],
      attachments: [{ type: "image", ref: "media://a1", filename: "map.png", content_type: "image/png" }],
    },
    ["text a", "image image/png 6", "image map.png image/png media://a1"],
  ],
  [
    "an attachment by its reference",
    { role: "user", content: [{ type: "file", mediaType: "image/png", url: { $blob: "sha256-1", bytes: 9 } }] },
    ["image image/png 9"],
  ],
  ["no shape at all", { id: "5", n: 1 }, ['other  {"id":"5","n":1}']],
  ["nothing", { role: "assistant", content: "" }, []],
];

test.each(cases)("%s", (_name, data, expected) => {
  expect(blocksOf({ data }).map(sketch)).toEqual(expected);
});

test("parts come after what the message says", () => {
  const parts = [
    { data: { type: "text", text: "b" } },
    { data: { type: "tool", tool: "read", callID: "c", state: { status: "error", input: { a: 1 }, error: "no" } } },
  ];
  expect(blocksOf({ data: { role: "assistant", content: "a" }, parts }).map(sketch)).toEqual([
    "text a",
    "text b",
    'call c read {"a":1}',
    "result c error: text no",
  ]);
});

test("any value is a message: nothing is thrown, whatever stands where", () => {
  const keys = fc.constantFrom(
    ..."role content parts type text name tool_calls toolCalls thoughts function source image_url url state output input media data result arguments".split(
      " ",
    ),
  );
  const types = fc.constantFrom(
    "text",
    "image",
    "tool_use",
    "tool_result",
    "tool-x",
    "reasoning",
    "file",
    "function",
    "",
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.constant(null),
      fc.boolean(),
      fc.nat(),
      fc.string(),
      types,
      fc.array(tie("any"), { maxLength: 3 }),
      tie("object"),
    ),
    object: fc.dictionary(keys, tie("any"), { maxKeys: 6 }),
  }));
  fc.assert(
    fc.property(value.object, value.object, (data: any, part: any) => {
      const blocks = blocksOf({ data, parts: [{ data: part }] });
      expect(blocks.map(sketch).every((text) => typeof text === "string")).toBe(true);
      expect(typeof roleOf(data)).toBe("string");
    }),
  );
});
