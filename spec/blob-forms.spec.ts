// Whatever a message has comes back as it was: base64 in every form, what is nearly base64, and a caller's own $blob.
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import { blobsOf, hashOf, lastData, LOW, PDF, PDF_URL } from "./helpers/attachments.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
/** Every form that base64 has: with another prefix, alphabet, padding. */
const forms = fc.record({
  content: fc.uint8Array({ minLength: 780, maxLength: 4000, size: "max" }),
  prefix: fc.constantFrom(
    "",
    "data:image/png;base64,",
    "data:;base64,",
    "data:a/b;x=y;base64,",
    "DATA:text/plain;BASE64,",
  ),
  isUrlSafe: fc.boolean(),
  isPadded: fc.boolean(),
});

interface Form {
  content: Uint8Array;
  prefix: string;
  isUrlSafe: boolean;
  isPadded: boolean;
}

function textOf({ content, prefix, isUrlSafe, isPadded }: Form): string {
  let text = Buffer.from(content).toString("base64");
  if (isUrlSafe) text = text.replaceAll("+", "-").replaceAll("/", "_");
  return prefix + (isPadded ? text : text.replace(/=+$/, ""));
}

describe("the very text comes back", () => {
  test("of base64 in every form, of what is nearly base64, and of what is none", async () => {
    const store = await openMemoryStore<any>(LOW);
    const session = store.session("s", { create: true });
    const near = fc
      .tuple(forms, fc.nat(), fc.constantFrom("\n", " ", "=", "-", "+", "_", "/", "%", "é", "\ud800", "."))
      .map(([form, at, odd]) => {
        const text = textOf(form);
        const place = at % text.length;
        return text.slice(0, place) + odd + text.slice(place + 1);
      });
    const tail = fc
      .tuple(forms, fc.constantFrom("=", "==", "A", "AB", "\n", " "))
      .map(([form, end]) => textOf(form) + end);
    const value = fc.oneof(forms.map(textOf), near, tail, fc.string({ minLength: 1000, maxLength: 1100 }));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 3 }), fc.boolean(), async (texts, isNested) => {
        const { id } = await session.append(isNested ? { a: [{ b: texts }] } : { texts });
        const entry = await session.message(id);
        const expected = texts.map((text) => text.toWellFormed());
        expect(entry?.data).toEqual(isNested ? { a: [{ b: expected }] } : { texts: expected });
        expect(entry?.missing).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test("of long ones, whatever is at the seams of the pieces that they are read in", async () => {
    const store = await openMemoryStore<any>();
    const session = store.session("s", { create: true });
    for (const length of [196_607, 196_608, 196_609, 786_431, 786_432, 786_433, 2_000_000]) {
      const content = randomBytes(length);
      // One alphabet from the first piece to the last, and a change of it in the last one.
      const plain = Buffer.alloc(length, 105).toString("base64");
      const texts = [
        content.toString("base64"),
        content.toString("base64url"),
        `${plain.slice(0, -8)}+-${plain.slice(-6)}`,
        `${plain.slice(0, 262_144)}\n${plain.slice(262_144)}`,
      ];
      const { id } = await session.append({ texts });
      const data = (await session.message(id))?.data.texts as string[];
      expect(data.map((text, n) => text === texts[n])).toEqual([true, true, true, true]);
      const stored = (await session.message(id, { blobs: "reference" }))?.data.texts as unknown[];
      expect(stored.map((each) => typeof each)).toEqual(["object", "object", "string", "string"]);
    }
  });

  test("and text stays in the log, where people find it", async () => {
    const store = await stores.open(LOW);
    const session = store.session("s", { create: true });
    const texts = [
      "a line of output\n".repeat(400),
      "x".repeat(5000),
      "deadbeef".repeat(500),
      "A".repeat(5000),
      PDF.toString("base64").replaceAll(/.{76}/g, "$&\n"),
      PDF.toString("hex"),
      `data:text/plain,${"y".repeat(3000)}`,
      randomBytes(760).toString("base64").slice(0, 1024),
    ];
    await session.append({ texts });
    expect(blobsOf(store)).toEqual([]);
    expect(lastData(store)).toEqual({ texts });
  });
});

describe("a caller's own object with the key $blob", () => {
  const own: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, 1, "escaped", `sha256-${hashOf("x")}`, "text"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("$blob", "value", "bytes", "mime", "__proto__", "a"), tie("value"), { maxKeys: 3 }),
      fc.constant({ $blob: `sha256-${hashOf("x")}`, bytes: 1 }),
      fc.constant({ $blob: "escaped", value: { $blob: 1 } }),
    ),
  })).value;

  test("comes back as it was", async () => {
    const store = await openMemoryStore<any>();
    const session = store.session("s", { create: true });
    await fc.assert(
      fc.asyncProperty(own, async (value) => {
        const { id } = await session.append({ value });
        const text = JSON.stringify((await session.message(id))?.data);
        expect(text).toBe(JSON.stringify({ value }));
        expect(JSON.stringify((await session.message(id, { blobs: "reference" }))?.data)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("beside an attachment, and as the whole message", async () => {
    const store = await stores.open();
    const session = store.session("s", { create: true });
    const messages = [
      { $blob: 1, id: "a", url: PDF_URL },
      { id: "b", $blob: { $blob: PDF_URL } },
    ];
    await session.append(messages);
    expect((await session.history()).map(({ id, data }) => ({ id, data }))).toEqual(
      messages.map((data) => ({ id: data.id, data })),
    );
  });

  test("in a line that was written before there were attachments is the caller's", async () => {
    const store = await stores.open();
    const data = [
      { $blob: "mine" },
      { $blob: `sha256-${hashOf("x")}` },
      { $blob: `sha256-${hashOf("x")}`, bytes: 1, and: 2 },
    ];
    await store.createSession({ id: "s" });
    const log = readFileSync(onlyLog(store.path), "utf8");
    const at = JSON.parse(log.split("\n")[0]!).at.replace("-0000-", "-0001-");
    writeFileSync(onlyLog(store.path), `${log}${JSON.stringify({ at, type: "message", data: { data } })}\n`);
    await store.refresh();
    expect((await store.session("s").history())[0]?.data).toEqual({ data });
  });
});
