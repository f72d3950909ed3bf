import { createContext, runInContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ArgumentError } from "../lib/index.ts";
import { encodeJson, MAX_DEPTH } from "../lib/line/json.ts";

const encode = (value: unknown): string => encodeJson(value, "replace").text;

function refused(value: unknown): string {
  try {
    encode(value);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    expect((error as ArgumentError).code).toBe("INVALID_MESSAGE");
    return (error as Error).message;
  }
  throw new Error("it was taken");
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { deeper: value };
  return value;
}

test("any JSON value comes back as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      fc.pre(value !== undefined);
      expect(encode(value)).toBe(JSON.stringify(value));
    }),
  );
});

test("a value that JSON cannot hold is refused, with its path", () => {
  const cycle: { list: unknown[] } = { list: [1] };
  cycle.list.push({ back: cycle });
  expect(refused(undefined)).toBe("$ is undefined");
  expect(refused({ a: { b: 1n } })).toBe("$.a.b is a BigInt, which JSON cannot hold");
  expect(refused({ a: [0, { "odd key": 2n }] })).toBe('$.a[1]["odd key"] is a BigInt, which JSON cannot hold');
  expect(refused(cycle)).toBe("$.list[1].back is a cycle");
  expect(refused({ when: new Date(0) })).toBe("$.when is not a plain object (Date)");
  expect(refused({ map: new Map() })).toBe("$.map is not a plain object (Map)");
  expect(refused({ bytes: Buffer.from("x") })).toContain("$.bytes is not a plain object");
  expect(refused({ f: () => 1 })).toBe("$.f is a function, which JSON cannot hold");
  expect(refused({ s: Symbol("s") })).toBe("$.s is a symbol, which JSON cannot hold");
  expect(
    refused(
      new (class Message {
        text = "";
      })(),
    ),
  ).toBe("$ is not a plain object (Message)");
  expect(refused(nested(10_000))).toMatch(/ is deeper than 200 levels$/);
});

test("two hundred levels are taken, one more is not", () => {
  expect(encode(nested(MAX_DEPTH))).toBe(JSON.stringify(nested(MAX_DEPTH)));
  refused(nested(MAX_DEPTH + 1));
});

test("the same object twice is no cycle", () => {
  const shared = { x: 1 };
  expect(encode({ a: shared, b: [shared, shared] })).toBe('{"a":{"x":1},"b":[{"x":1},{"x":1}]}');
});

test("objects without a prototype and of another realm are plain", () => {
  expect(encode(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  expect(encode(runInContext("({ a: [1, { b: 2 }] })", createContext()))).toBe('{"a":[1,{"b":2}]}');
  expect(encode(JSON.parse('{"__proto__":{"polluted":1}}'))).toBe('{"__proto__":{"polluted":1}}');
});

test("as in JSON, an undefined property is left out and a number that is not finite is null", () => {
  expect(encode({ a: undefined, b: [undefined, Number.NaN, Infinity] })).toBe('{"b":[null,null,null]}');
});

test("a lone surrogate is replaced, kept or refused", () => {
  const value = { ok: "\ud83d\ude00", "lone \udc00 key": "a\ud83d", escaped: "\\ud800" };
  const { text, replaced } = encodeJson(value, "replace");
  expect(replaced).toBe(true);
  expect(JSON.parse(text)).toEqual({ ok: "\ud83d\ude00", "lone \ufffd key": "a\ufffd", escaped: "\\ud800" });
  expect(encodeJson(value, "keep")).toMatchObject({ text: JSON.stringify(value), replaced: false });
  expect(() => encodeJson({ a: ["\ud83d"] }, "reject")).toThrow("lone surrogate at $.a[0]");
  expect(encodeJson({ text: "\\ud800 and \\\\ud800" }, "reject").replaced).toBe(false);
});

test("what is replaced is well-formed and otherwise the same", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\ud800", "\udfff", "\\", '\\"', "\\ud812", ""),
      (text, odd) => {
        const given = { text: text + odd + text };
        const result = JSON.parse(encode(given)) as typeof given;
        expect(result.text).toBe(given.text.toWellFormed());
      },
    ),
  );
});

test("the key of an attachment's reference is told at any depth, and in no text", () => {
  for (const value of [{ $blob: 1 }, { a: [{ b: { $blob: "x" } }] }])
    expect(encodeJson(value, "replace").hasBlobKey).toBe(true);
  for (const value of [{ a: "$blob" }, { a: '{"$blob":1}' }, { $blobs: 1 }, ["$blob"]])
    expect(encodeJson(value, "replace").hasBlobKey).toBe(false);
});
