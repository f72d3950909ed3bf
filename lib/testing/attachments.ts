// Long texts that are base64, and what is known of them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { group } from "./case.ts";
import type { Case } from "./case.ts";
import { collect, fails } from "./expect.ts";

const PNG = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(70_000, 9)]);
const BARE = PNG.toString("base64");
const URL = `data:image/png;base64,${BARE}`;
const HASH = `sha256-${createHash("sha256").update(PNG).digest("hex")}`;

export const attachments: Case[] = group("attachments", (test) => {
  test("a long base64 text is read as it was written, wherever it is read", async ({ create }) => {
    const session = await (await create()).createSession();
    const message = { id: "a", content: [{ type: "image", url: URL }, { deep: { data: BARE } }] };
    await session.append(message);
    await session.putPart("a", { id: "p", url: URL });
    const part = { id: "p", url: URL };
    const entry = await session.message("a");
    assert.deepEqual([entry?.data, entry?.parts[0]?.data], [message, part]);
    assert.deepEqual(await session.history(), [entry]);
    assert.deepEqual(await collect(session.messages({ reverse: true })), [entry]);
    assert.deepEqual((await session.page({ limit: 1 })).items, [entry]);
    assert.deepEqual((await collect(session.parts("a")))[0]?.data, part);
  });

  test("as a reference it is named by its content, wherever it is read", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append({ id: "a", url: URL });
    await session.putPart("a", { id: "p", bare: BARE });
    const blobs = "reference";
    const entry = await session.message("a", { blobs });
    const reference = entry?.data.url;
    assert.deepEqual([reference?.$blob, reference?.bytes, reference?.mime], [HASH, PNG.length, "image/png"]);
    assert.equal(entry?.parts[0]?.data.bare.$blob, HASH);
    assert.deepEqual(await session.history({ blobs }), [entry]);
    assert.deepEqual(await collect(session.messages({ blobs })), [entry]);
    assert.deepEqual((await session.page({ limit: 1, blobs })).items, [entry]);
    assert.deepEqual((await collect(session.parts("a", { blobs })))[0], entry?.parts[0]);
    await fails(() => session.history({ blobs: "file" as "restore" }), "INVALID_ARGUMENT");
  });

  test("store.blob() gives what a reference stands for, whole and in pieces", async ({ create }) => {
    const store = await create();
    const session = await store.createSession();
    await session.append({ id: "a", url: URL });
    const reference = (await session.message("a", { blobs: "reference" }))?.data.url;
    const blob = await store.blob(reference);
    assert.deepEqual([blob?.bytes, blob?.mime], [PNG.length, "image/png"]);
    assert.deepEqual(Buffer.from((await blob?.read()) ?? []), PNG);
    assert.deepEqual(Buffer.concat(blob === undefined ? [] : await collect(blob.stream())), PNG);
  });

  test("a blob that is not there is undefined", async ({ create }) => {
    const store = await create();
    assert.equal(await store.blob({ $blob: `sha256-${"0".repeat(64)}`, bytes: 5 }), undefined);
  });

  test("a large attachment comes in pieces that are not larger than 768 KiB", async ({ create }) => {
    const store = await create();
    const session = await store.createSession();
    const content = Buffer.alloc(3_000_000);
    for (let n = 0; n < content.length; n += 4) content.writeUInt32LE((n * 2_654_435_761) >>> 0, n);
    await session.append({ id: "a", file: content.toString("base64url") });
    assert.deepEqual((await session.message("a"))?.data.file, content.toString("base64url"));
    const blob = await store.blob((await session.message("a", { blobs: "reference" }))?.data.file);
    const pieces = blob === undefined ? [] : await collect(blob.stream());
    for (const { length } of pieces) assert.ok(length <= 768 * 1024);
    assert.ok(Buffer.concat(pieces).equals(content));
  });

  test("a reference that is written back is the attachment again", async ({ create }) => {
    const session = await (await create()).createSession();
    await session.append({ id: "a", url: URL });
    const data = (await session.message("a", { blobs: "reference" }))?.data;
    await session.putMessage({ ...data, edited: true });
    await session.append({ ...data, id: "b" });
    assert.deepEqual(
      (await session.history()).map((entry) => entry.data),
      [
        { id: "a", url: URL, edited: true },
        { id: "b", url: URL },
      ],
    );
  });

  test("an object of the caller's with the key $blob is the caller's", async ({ create }) => {
    const session = await (await create()).createSession();
    const message = { id: "a", $blob: "mine", deep: [{ $blob: { bytes: 1 } }, { $$blob: 2 }], url: URL };
    await session.append(message);
    assert.deepEqual((await session.message("a"))?.data, message);
  });

  test("the same message with an attachment once more is nothing new", async ({ create }) => {
    const session = await (await create()).createSession();
    const receipt = await session.append({ id: "a", url: URL });
    assert.deepEqual(await session.append({ id: "a", url: URL }), receipt);
    await fails(session.append({ id: "a", url: `${URL}AAAA` }), "EXISTS");
    assert.equal(await session.count(), 1);
  });

  test("shorter ones, and texts that only look like it, stay texts", async ({ create }) => {
    const session = await (await create()).createSession();
    const message = {
      id: "a",
      short: Buffer.alloc(9000, 1).toString("base64"),
      hex: "ab12".repeat(20_000),
      words: "word".repeat(20_000),
    };
    await session.append(message);
    assert.deepEqual((await session.message("a", { blobs: "reference" }))?.data, message);
  });

  test("the threshold can be lowered, or taken away", async ({ create }) => {
    const text = Buffer.alloc(3000, 5).toString("base64");
    for (const [blobThreshold, expected] of [
      [1024, "object"],
      [false, "string"],
    ] as const) {
      const session = await (await create({ blobThreshold })).createSession();
      await session.append({ id: "a", text });
      assert.equal(typeof (await session.message("a", { blobs: "reference" }))?.data.text, expected);
      assert.deepEqual((await session.message("a"))?.data, { id: "a", text });
    }
  });

  test("a fork, a deletion that is taken back and a compaction keep attachments", async ({ create }) => {
    const store = await create();
    const session = await store.createSession();
    await session.append({ id: "a", url: URL });
    const fork = await session.fork();
    await session.delete();
    await session.restore();
    await session.compact();
    await store.compact();
    for (const each of [fork, session]) assert.deepEqual((await each.message("a"))?.data, { id: "a", url: URL });
  });
});
