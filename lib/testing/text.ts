// Data comes back as it was given, or is refused before anything is written.
import assert from "node:assert/strict";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { fails, until } from "./expect.ts";

const lone = "a\ud800b\udfffc";

export const data: Case[] = group("data", (test) => {
  test("every kind of value comes back deeply equal, its keys in their order", async ({ create }) => {
    const session = await (await create()).createSession();
    const message = {
      z: 1,
      a: [0, -1, 1.5, 1e300, 5e-324, Number.MAX_SAFE_INTEGER, true, false, null, "", [], {}, [[[]]]],
      "": "an empty key",
      constructor: "not special",
      at: "2026-11-21T09:08:13.123Z-0000-k3f9x2ab",
      type: "session",
      crc: "00000000",
      parts: [{ id: "p" }],
      data: { data: { of: null } },
      id: "m",
    };
    await session.append(message);
    const read = (await session.message("m"))?.data;
    assert.deepEqual(read, message);
    assert.equal(JSON.stringify(read), JSON.stringify(message));
  });

  test("every character comes back: controls, line ends, escapes, all planes", async ({ create }) => {
    const session = await (await create()).createSession();
    let controls = "";
    for (let code = 0; code < 0x3000; code++) controls += String.fromCharCode(code);
    const texts = [
      controls,
      "\u2028\u2029\ufeff\ufffe\uffff",
      "\r\n\n\r",
      '"\\/\\u0041 \\n',
      "😀👩‍👩‍👧‍👦𠀀\u{10ffff}",
      '{"at":"',
    ];
    await session.append(texts.map((text, n) => ({ id: `m${n}`, text, [text]: n })));
    assert.deepEqual(
      (await session.history()).map((entry) => entry.data),
      texts.map((text, n) => ({ id: `m${n}`, text, [text]: n })),
    );
  });

  test("a NUL in a text, a key, a title and a tag is no harm", async ({ create }) => {
    const store = await create();
    const session = await store.createSession({ id: "s", title: "a\0b", tags: ["\0"], metadata: { "k\0": "v\0" } });
    await session.append({ id: "a", text: "before\0after", "k\0": [{ "\0": "\0" }] });
    await session.putPart("a", { id: "p", text: "\0" });
    const entry = await session.message("a");
    assert.deepEqual(entry?.data, { id: "a", text: "before\0after", "k\0": [{ "\0": "\0" }] });
    assert.deepEqual(entry?.parts[0]?.data, { id: "p", text: "\0" });
    const { title, tags, metadata } = await session.info();
    assert.deepEqual([title, tags, metadata], ["a\0b", ["\0"], { "k\0": "v\0" }]);
  });

  test("a lone surrogate is replaced, and a warning tells", async ({ create }) => {
    const store = await create();
    const warnings: string[] = [];
    store.on("warning", ({ code }) => warnings.push(code));
    const session = await store.createSession();
    await session.append({ id: "a", text: lone, [lone]: "\\ud800" });
    assert.deepEqual((await session.message("a"))?.data, {
      id: "a",
      text: "a\ufffdb\ufffdc",
      "a\ufffdb\ufffdc": "\\ud800",
    });
    await until("the warning", () => warnings.includes("surrogate"));
  });

  test("it is kept, or refused, on request", async ({ create }) => {
    const keeping = await (await create({ wellFormed: "keep" })).createSession();
    await keeping.append({ id: "a", text: lone });
    assert.deepEqual((await keeping.message("a"))?.data, { id: "a", text: lone });
    const rejecting = await (await create({ wellFormed: "reject" })).createSession();
    await fails(rejecting.append({ id: "a", text: lone }), "INVALID_MESSAGE");
    await fails(rejecting.append([{ id: "b" }, { id: "a", deep: [lone] }]), "INVALID_MESSAGE");
    assert.equal(await rejecting.count(), 0);
  });

  test("what JSON would lose is refused, what it leaves out is left out", async ({ create }) => {
    const session = await (await create()).createSession();
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    for (const value of [1n, () => 1, Symbol("s"), new Map(), cycle])
      await fails(() => session.append({ id: "a", value }), "INVALID_MESSAGE");
    assert.equal(await session.count(), 0);
    await session.append({ id: "a", absent: undefined, infinite: Infinity, nan: NaN });
    assert.deepEqual((await session.message("a"))?.data, { id: "a", infinite: null, nan: null });
  });

  test("data is at most 200 levels deep", async ({ create }) => {
    const session = await (await create()).createSession();
    const nested = (levels: number): object => (levels === 1 ? {} : { in: nested(levels - 1) });
    await session.append({ id: "deep", ...nested(200) });
    assert.deepEqual((await session.message("deep"))?.data, { id: "deep", ...nested(200) });
    await fails(() => session.append({ id: "deeper", ...nested(201) }), "INVALID_MESSAGE");
    assert.equal(await session.count(), 1);
  });

  test("a line that is too long is refused, and nothing of its commit is written", async ({ create }) => {
    const store = await create({ maxLineBytes: 2048 });
    const session = await store.createSession({ id: "s" });
    await session.append({ id: "a", text: "x".repeat(1000) });
    await fails(() => session.append([{ id: "b" }, { id: "c", text: "x".repeat(2048) }]), "LINE_TOO_LONG");
    await fails(() => session.append({ id: "c", text: "漢".repeat(700) }), "LINE_TOO_LONG");
    await fails(() => session.putPart("a", { text: "x".repeat(2048) }), "LINE_TOO_LONG");
    await fails(() => session.update({ summary: "x".repeat(2048) }), "LINE_TOO_LONG");
    assert.deepEqual((await session.info()).messages, 1);
    for (const maxLineBytes of [1, 2 ** 40]) await fails(() => create({ maxLineBytes }), "INVALID_ARGUMENT");
  });

  test("a message of 10 MB comes back whole, and is found", async ({ create }) => {
    const store = await create();
    const session = await store.createSession({ id: "s" });
    const text = `${"ten megabytes, 漢字 \n".repeat(450_000)}the end`;
    assert.ok(Buffer.byteLength(text) > 10_000_000);
    await session.append([{ id: "before" }, { id: "large", text }, { id: "after" }]);
    const data = (await session.message("large"))?.data as { text: string };
    assert.ok(data.text === text);
    assert.deepEqual(
      (await session.page({ limit: 1, before: "large" })).items.map(({ id }) => id),
      ["before"],
    );
    const hits = [];
    for await (const { id } of store.searchMessages("the end")) hits.push(id);
    assert.deepEqual(hits, ["large"]);
  });

  test("redact() decides what is written, and what it throws stops it", async ({ create }) => {
    const seen: string[] = [];
    const redact = (value: object, { session, kind }: { session: string; kind: string }): object => {
      seen.push(`${session} ${kind}`);
      if ("refused" in value) throw new Error("refused");
      return JSON.parse(JSON.stringify(value).replaceAll("secret", "[key]")) as object;
    };
    const store = await create({ redact });
    const session = await store.createSession({ id: "s" });
    await session.append({ id: "a", text: "a secret" });
    await session.putPart("a", { id: "p", text: "secret" });
    await session.commit((c) => c.putMessage({ id: "b", text: "secret" }));
    await assert.rejects(async () => await session.append([{ id: "c" }, { refused: true }]), /refused/);
    assert.equal(await store.session("s").count(), 2);
    const text = JSON.stringify(await session.history());
    assert.ok(!text.includes("secret") && text.includes("[key]"));
    assert.deepEqual(seen.slice(0, 3), ["s message", "s part", "s message"]);
  });
});
