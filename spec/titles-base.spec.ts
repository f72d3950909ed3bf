// A base of titles as a file: it comes back as it was, or not at all.
import { expect, test } from "vitest";
import { decodeBase, encodeBase } from "../lib/indexes/titles/base-file.ts";
import { buildBase } from "../lib/indexes/titles/build-base.ts";
import { TitleIndex } from "../lib/indexes/titles/title-index.ts";
import { manyTitles } from "./helpers/titles.ts";

const titles = manyTitles(500, 1);

async function encoded(tag = ""): Promise<Buffer> {
  return Buffer.concat(await encodeBase(await buildBase(titles), tag));
}

test("what was encoded comes back, with its tag", async () => {
  const built = await buildBase(titles);
  const pieces = await encodeBase(built, 'the catalog "7"\n');
  const decoded = await decodeBase(Buffer.concat(pieces));
  expect(decoded?.tag).toBe('the catalog "7"\n');
  expect(decoded?.base.size).toBe(500);
  const [before, after] = [new TitleIndex(built), new TitleIndex(decoded?.base)];
  for (const title of titles) expect(after.get(title.id)).toEqual(before.get(title.id));
  for (const text of ["fix", "解", "the", "", "0193a0"]) {
    expect(after.search(text, { limit: 500 })).toEqual(before.search(text, { limit: 500 }));
  }
});

test("ids that differ in case alone, and none at all, come back, too", async () => {
  const [title] = titles;
  if (title === undefined) throw new Error("no title");
  const ids = ["A", "a", "É", "é", "e"];
  const base = await buildBase(ids.map((id) => ({ ...title, id })));
  const decoded = await decodeBase(Buffer.concat(await encodeBase(base, "")));
  const index = new TitleIndex(decoded?.base);
  for (const id of ids) expect(index.get(id)?.id).toBe(id);
  expect(index.search("E").map(({ id }) => id)).toEqual(["e", "É", "é"]);
  const none = await decodeBase(Buffer.concat(await encodeBase(await buildBase([]), "none")));
  expect(none?.tag).toBe("none");
  expect(new TitleIndex(none?.base).search("a")).toEqual([]);
});

test("it lies at any place in a buffer", async () => {
  const bytes = await encoded();
  for (let place = 1; place <= 8; place++) {
    const moved = Buffer.concat([Buffer.alloc(place), bytes]).subarray(place);
    expect((await decodeBase(moved))?.base.size).toBe(500);
  }
});

test("cut anywhere, or with any byte changed, it is no base", async () => {
  const bytes = await encoded();
  for (let length = 0; length < bytes.length; length += length < 600 ? 1 : 997) {
    expect(await decodeBase(bytes.subarray(0, length))).toBeUndefined();
  }
  for (let place = 0; place < bytes.length; place += place < 600 ? 1 : 997) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] as number) ^ 0x10;
    expect(await decodeBase(changed)).toBeUndefined();
  }
  expect(await decodeBase(Buffer.concat([bytes, Buffer.alloc(8)]))).toBeUndefined();
});

test("zeros, text and nothing are no base", async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(8), Buffer.alloc(4096), Buffer.from("{}\n".repeat(99))]) {
    expect(await decodeBase(bytes)).toBeUndefined();
  }
});
