import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checksum, hashId } from "../lib/line/codec.ts";
import { dataText, decodeHead, decodeLabel, decodeLine, hasRightCrc } from "../lib/line/decode.ts";
import { LineBuffer } from "../lib/line/encode.ts";
import type { Draft } from "../lib/line/encode.ts";
import { formatStamp } from "../lib/line/stamp.ts";
import type { Stamp } from "../lib/line/stamp.ts";

const stamp: fc.Arbitrary<Stamp> = fc.record({
  ms: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  counter: fc.integer({ min: 0, max: 0xffff }),
  writer: fc.stringMatching(/^[a-z0-9]{8}$/),
});
const id = fc.string({ unit: "grapheme", minLength: 1 });
const draft: fc.Arbitrary<Draft> = fc.record(
  {
    stamp,
    type: fc.constantFrom(
      "message",
      "part",
      "open",
      "head",
      "remove",
      "delete",
      "restore",
      "info",
      "purged",
      "later-type",
    ),
    after: stamp,
    id,
    of: stamp,
    message: stamp,
    json: fc.jsonValue().map((value) => JSON.stringify(value)),
  },
  { requiredKeys: ["stamp", "type"] },
);

function encode(line: Draft, batch = 0): Buffer {
  const buffer = new LineBuffer();
  const length = buffer.add(line, batch);
  expect(buffer.length).toBe(length + 1);
  return Buffer.from(buffer.bytes.subarray(0, length));
}

test("a line is one JSON object, the stamp first, the checksum last", () => {
  fc.assert(
    fc.property(draft, fc.integer({ min: 0, max: 9 }), (line, batch) => {
      const bytes = encode(line, batch);
      const text = bytes.toString();
      const parsed = JSON.parse(text);
      expect(text.startsWith(`{"at":"${formatStamp(line.stamp)}","type":`)).toBe(true);
      expect(text).toMatch(/,"crc":"[0-9a-f]{8}"\}$/);
      expect(text).not.toMatch(/[\n\r\u2028\u2029]/);
      const body = text.slice(0, text.lastIndexOf(',"crc"'));
      expect(parsed.crc).toBe(crc32(body).toString(16).padStart(8, "0"));
      expect(Object.keys(parsed)).toEqual(
        ["at", "type", "after", "batch", "id", "of", "message", "data", "crc"].filter((key) =>
          Object.hasOwn(parsed, key),
        ),
      );
      expect(parsed.batch).toBe(batch > 1 ? batch : undefined);
    }),
  );
});

test("what is encoded is decoded, whole and by its head alone", () => {
  fc.assert(
    fc.property(draft, fc.integer({ min: 0, max: 9 }), (line, batch) => {
      const bytes = encode(line, batch);
      const around = Buffer.concat([Buffer.from("}\n"), bytes, Buffer.from('\n{"at":"')]);
      const head = decodeHead(around, 2, 2 + bytes.length)!;
      expect(head).toMatchObject({
        stamp: line.stamp,
        type: line.type,
        sound: true,
        batch: batch > 1 ? batch : 0,
        length: bytes.length,
      });
      expect([head.after, head.of, head.message]).toEqual([line.after, line.of, line.message]);
      expect(head.idHash).toBe(line.id === undefined ? 0 : hashId(line.id));
      const whole = decodeLine(around, 2, 2 + bytes.length)!;
      expect(whole.at).toBe(formatStamp(line.stamp));
      expect(whole.id).toBe(line.id);
      expect(JSON.stringify(whole.data)).toBe(
        line.json === undefined ? undefined : JSON.stringify(JSON.parse(line.json)),
      );
      expect(decodeLabel(around, 2, 2 + bytes.length)).toEqual({
        id: line.id,
        place: formatStamp(line.of ?? line.stamp),
      });
      if (line.json !== undefined)
        expect(JSON.parse(dataText(around, 2, 2 + bytes.length)!)).toEqual(JSON.parse(line.json));
    }),
  );
});

test("separators that some readers take for line ends are escaped", () => {
  const bytes = encode({
    stamp: { ms: 0, counter: 0, writer: "aaaaaaaa" },
    type: "message",
    id: "\u2028",
    json: '{"a":"x\u2028\u2029y"}',
  });
  expect(bytes.toString()).toContain('"id":"\\u2028","data":{"a":"x\\u2028\\u2029y"}');
  expect(decodeLine(bytes, 0, bytes.length)!.data).toEqual({ a: "x\u2028\u2029y" });
});

test("a line cut at any byte is no line", () => {
  const bytes = encode({
    stamp: { ms: 1e12, counter: 7, writer: "k3f9x2ab" },
    type: "message",
    id: "m1",
    json: '{"role":"user"}',
  });
  for (let cut = 0; cut < bytes.length; cut++) expect(decodeHead(bytes, 0, cut)).toBeUndefined();
});

test("every flipped bit is seen: the line is none, or not sound", () => {
  const bytes = encode({
    stamp: { ms: 1e12, counter: 7, writer: "k3f9x2ab" },
    type: "message",
    id: "m1",
    json: '{"text":"abc 123"}',
  });
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    if (flipped.includes(10)) continue;
    expect(decodeHead(flipped, 0, flipped.length)?.sound ?? false).toBe(false);
  }
});

test("a line without a checksum was written by hand, and is taken", () => {
  for (const text of [
    '{"at":"2026-11-21T09:08:13.123Z-0000-k3f9x2ab","type":"message","id":"m1","data":{"a":1}}',
    '{ "type": "message", "id": "m1", "data": {"a":1}, "at": "2026-11-21T09:08:13.123Z-0000-k3f9x2ab" }',
  ]) {
    const bytes = Buffer.from(text);
    expect(decodeHead(bytes, 0, bytes.length)).toMatchObject({ type: "message", sound: true, idHash: hashId("m1") });
    expect(hasRightCrc(bytes, 0, bytes.length)).toBe(false);
    expect(decodeLabel(bytes, 0, bytes.length).id).toBe("m1");
  }
});

test("what is no line is none", () => {
  for (const text of [
    "",
    "null",
    "5",
    "[]",
    "{}",
    '{"at":"x","type":"message"}',
    '{"at":"2026-11-21T09:08:13.123Z-0000-k3f9x2ab"}',
    '{"at":"2026-11-21T09:08:13.123Z-0000-k3f9x2ab","type":1}',
    '"text"',
  ]) {
    expect(decodeHead(Buffer.from(text), 0, Buffer.byteLength(text))).toBeUndefined();
  }
});

test("an id has one hash, as text and as bytes", () => {
  fc.assert(
    fc.property(id, (text) => {
      expect(hashId(text)).toBe(hashId(text));
      expect(hashId(text)).toBeGreaterThan(0);
    }),
  );
  expect(checksum("123456789")).toBe("cbf43926");
});

test("a buffer takes lines of any length, one after the other", () => {
  const buffer = new LineBuffer();
  const texts = [1, 20_000, 3, 2_000_000, 5].map((length) => JSON.stringify("ü".repeat(length)));
  for (const json of texts) buffer.add({ stamp: { ms: 0, counter: 0, writer: "aaaaaaaa" }, type: "message", json });
  const lines = buffer.bytes.toString("utf8", 0, buffer.length).split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.map((line) => JSON.stringify(JSON.parse(line).data))).toEqual(texts);
  buffer.clear();
  expect(buffer.bytes.length).toBeLessThanOrEqual(1024 * 1024);
});
