// Reading a session.
import assert from "node:assert/strict";
import type { ReadOptions } from "../index.ts";
import type { TestedSession } from "./backend.ts";
import { group } from "./case.ts";
import type { Bench, Case } from "./case.ts";
import { collect, fails, idsOf, named } from "./expect.ts";

async function ten({ create }: Bench): Promise<TestedSession> {
  const session = await (await create()).createSession({ id: "s" });
  await session.append(named(..."a b c d e f g h i j".split(" ")));
  return session;
}

async function read(session: TestedSession, options?: ReadOptions): Promise<string> {
  return (await collect(session.messages(options))).map(({ id }) => id).join("");
}

export const reading: Case[] = group("read", (test) => {
  test("messages() gives the history, oldest first", async (bench) => {
    const session = await ten(bench);
    await session.remove("c");
    assert.equal(await read(session), "abdefghij");
    assert.deepEqual(await collect(session.messages()), await session.history());
  });

  test("last and limit count from either end", async (bench) => {
    const session = await ten(bench);
    assert.equal(await read(session, { last: 3 }), "hij");
    assert.equal(await read(session, { limit: 3 }), "abc");
    assert.equal(await read(session, { last: 5, limit: 2 }), "fg");
    assert.equal(await read(session, { last: 99 }), "abcdefghij");
    assert.equal(await read(session, { last: 0 }), "");
    assert.equal(await read(session, { limit: 0 }), "");
  });

  test("before and after bound the range, without the message itself", async (bench) => {
    const session = await ten(bench);
    assert.equal(await read(session, { before: "d" }), "abc");
    assert.equal(await read(session, { after: "g" }), "hij");
    assert.equal(await read(session, { after: "c", before: "g" }), "def");
    assert.equal(await read(session, { after: "j" }), "");
    assert.equal(await read(session, { before: "a" }), "");
    assert.equal(await read(session, { before: "f", last: 2 }), "de");
    assert.equal(await read(session, { after: "c", limit: 2 }), "de");
  });

  test("a place bounds a range as the id does, also when its message is gone", async (bench) => {
    const session = await ten(bench);
    const at = (await session.message("d"))?.at ?? "";
    assert.equal(await read(session, { after: at, limit: 2 }), "ef");
    await session.remove("d");
    assert.equal(await read(session, { after: at, limit: 2 }), "ef");
    assert.equal(await read(session, { before: at }), "abc");
  });

  test("reverse gives the newest first", async (bench) => {
    const session = await ten(bench);
    assert.equal(await read(session, { reverse: true }), "jihgfedcba");
    assert.equal(await read(session, { reverse: true, last: 3 }), "jih");
    assert.equal(await read(session, { reverse: true, limit: 2 }), "ji");
    assert.equal(await read(session, { reverse: true, before: "d" }), "cba");
    assert.equal(await read(session, { reverse: true, after: "g", limit: 2 }), "ji");
  });

  test("parts are left out on request", async (bench) => {
    const session = await ten(bench);
    await session.putPart("a", { id: "p" });
    const [first] = await collect(session.messages({ limit: 1 }));
    assert.equal(first?.parts.length, 1);
    const [bare] = await collect(session.messages({ limit: 1, parts: false }));
    assert.deepEqual(bare, { ...first, parts: [] });
  });

  test("what is wrong in the options is refused", async (bench) => {
    const session = await ten(bench);
    for (const wrong of [{ first: 1 }, { last: -1 }, { limit: 0.5 }, { last: "3" }, { blobs: "none" }, { before: 5 }])
      await fails(collect(session.messages(wrong as object)), "INVALID_ARGUMENT");
    await fails(collect(session.messages({ before: "none" })), "NOT_FOUND");
  });

  test("a signal ends a reading, with its reason", async (bench) => {
    const session = await ten(bench);
    const reason = new Error("enough");
    await assert.rejects(collect(session.messages({ signal: AbortSignal.abort(reason) })), reason);
    const abort = new AbortController();
    const seen: string[] = [];
    const reads = async (): Promise<void> => {
      for await (const { id } of session.messages({ signal: abort.signal })) {
        seen.push(id);
        if (seen.length === 2) abort.abort(reason);
      }
    };
    await assert.rejects(reads(), reason);
    assert.deepEqual(seen, ["a", "b"]);
  });

  test("a reading that has begun does not show what comes later", async (bench) => {
    const session = await ten(bench);
    const messages = session.messages();
    const first = await messages.next();
    await session.append(named("k"));
    await session.remove("e");
    const rest = await collect(messages);
    assert.deepEqual([first.value, ...rest].map((entry) => entry?.id).join(""), "abcdefghij");
    assert.equal(await read(session), "abcdfghijk");
  });

  test("message() gives one, by its id or its place; undefined where there is none", async (bench) => {
    const session = await ten(bench);
    await session.putPart("d", { id: "p" });
    const all = await session.history();
    assert.deepEqual(await session.message("d"), all[3]);
    assert.deepEqual(await session.message(all[3]?.at ?? ""), all[3]);
    assert.equal(await session.message("none"), undefined);
    assert.equal(await session.message("p"), undefined);
  });

  test("messageIds() and count() are those of the history", async (bench) => {
    const session = await ten(bench);
    await session.checkout("f");
    await session.append(named("x"));
    await session.truncate({ keepLast: 5 });
    const ids = await idsOf(session);
    assert.deepEqual(ids, ["c", "d", "e", "f", "x"]);
    assert.deepEqual(await collect(session.messageIds()), ids);
    assert.equal(await session.count(), 5);
  });

  test("several readings of one session do not disturb each other", async (bench) => {
    const session = await ten(bench);
    const [one, two] = [session.messages(), session.messages({ reverse: true })];
    let seen = "";
    for (let n = 0; n < 10; n++) for (const each of [one, two]) seen += (await each.next()).value?.id;
    assert.equal(seen, "ajbichdgeffegdhcibja");
  });

  test("a session that is not there has nothing to read", async ({ create }) => {
    const session = (await create()).session("none", { create: true });
    await fails(session.history(), "NOT_FOUND");
    await fails(session.count(), "NOT_FOUND");
    await fails(session.info(), "NOT_FOUND");
    await fails(session.message("a"), "NOT_FOUND");
    await fails(session.page({ limit: 1 }), "NOT_FOUND");
    await fails(collect(session.messageIds()), "NOT_FOUND");
    await fails(session.branches(), "NOT_FOUND");
    await fails(session.stats(), "NOT_FOUND");
    assert.equal(
      (await collect(session.messages()).catch((error: { code: string }) => error.code)) as unknown,
      "NOT_FOUND",
    );
  });

  test("a thousand messages are read whole, in order", async ({ create }) => {
    const session = await (await create()).createSession();
    const messages = Array.from({ length: 1000 }, (_, n) => ({ id: `m${n}`, n, text: "x".repeat(n) }));
    await session.append(messages.slice(0, 500));
    await session.append(messages.slice(500));
    assert.deepEqual(
      (await session.history()).map(({ data }) => data),
      messages,
    );
    assert.equal(await read(session, { last: 2 }), "m998m999");
  });
});

export const paging: Case[] = group("page", (test) => {
  const show = ({ items }: { items: readonly { id: string }[] }): string => items.map(({ id }) => id).join("");

  test("the newest page is the first, and `previous` leads to the beginning", async (bench) => {
    const session = await ten(bench);
    const shown: string[] = [];
    let page = await session.page({ limit: 4 });
    assert.equal(page.next, undefined);
    assert.equal(page.skipped, 0);
    for (shown.push(show(page)); page.previous !== undefined; shown.push(show(page)))
      page = await session.page({ limit: 4, before: page.previous });
    assert.deepEqual(shown, ["ghij", "cdef", "ab"]);
  });

  test("`next` leads to the end", async (bench) => {
    const session = await ten(bench);
    const shown: string[] = [];
    let page = await session.page({ limit: 4, before: "c" });
    assert.equal(page.previous, undefined);
    for (shown.push(show(page)); page.next !== undefined; shown.push(show(page)))
      page = await session.page({ limit: 4, after: page.next });
    assert.deepEqual(shown, ["ab", "cdef", "ghij"]);
  });

  test("around gives a message with what is beside it", async (bench) => {
    const session = await ten(bench);
    assert.equal(show(await session.page({ limit: 5, around: "e" })), "cdefg");
    assert.equal(show(await session.page({ limit: 4, around: "a" })), "abcd");
    assert.equal(show(await session.page({ limit: 4, around: "j" })), "ghij");
    const at = (await session.message("e"))?.at;
    const { previous, next, items } = await session.page({ limit: 1, around: at });
    assert.equal(show({ items }), "e");
    assert.equal(show(await session.page({ limit: 9, before: previous })), "abcd");
    assert.equal(show(await session.page({ limit: 9, after: next })), "fghij");
  });

  test("a cursor holds through changes of the session", async (bench) => {
    const session = await ten(bench);
    const { previous } = await session.page({ limit: 4 });
    await session.remove("g");
    await session.append(named("k"));
    await session.truncate({ before: "d" });
    const page = await session.page({ limit: 9, before: previous });
    assert.equal(show(page), "def");
    assert.equal(show(await session.page({ limit: 9, after: page.next })), "hijk");
  });

  test("a page of a session without messages is empty", async ({ create }) => {
    const session = await (await create()).createSession();
    assert.deepEqual(await session.page({ limit: 3 }), { items: [], skipped: 0 });
  });

  test("a page after the last message is empty, and `previous` leads back", async (bench) => {
    const session = await ten(bench);
    const page = await session.page({ limit: 3, after: "j" });
    assert.deepEqual([page.items, page.next], [[], undefined]);
    assert.equal(show(await session.page({ limit: 3, before: page.previous })), "hij");
  });

  test("what is wrong in the options is refused", async (bench) => {
    const session = await ten(bench);
    for (const wrong of [
      {},
      { limit: 0 },
      { limit: 1.5 },
      { limit: 1, before: "a", after: "b" },
      { limit: 1, last: 1 },
    ])
      await fails(() => session.page(wrong as { limit: number }), "INVALID_ARGUMENT");
    await fails(session.page({ limit: 1, around: "none" }), "NOT_FOUND");
    const other = (await session.fork()).page({ limit: 2 });
    await fails(session.page({ limit: 1, before: (await other).previous }), "INVALID_CURSOR");
  });
});
