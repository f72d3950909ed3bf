// Any sequence of operations, from two open stores on one directory, equals the same on plain arrays.
import "./helpers/in-memory.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Session, Store } from "../lib/index.ts";
import { useStores, verifyStores } from "./helpers/stores.ts";

const stores = useStores();
const ROUNDS = process.env["TURNLOG_LONG"] ? 2000 : 60;

interface ModelMessage {
  id: string;
  data: object;
  parts: { id: string; data: object }[];
}

interface Model {
  messages: ModelMessage[];
  info: Record<string, unknown>;
  count: number;
  /** It was deleted, and lives by the messages that came after that. */
  isRevived: boolean;
}

type Operation = (session: Session<object, object>, model: Model) => Promise<void>;

const pick = (model: Model, which: number): ModelMessage | undefined =>
  model.messages[which % Math.max(1, model.messages.length)];
const number = fc.nat({ max: 30 });

const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 4 }).map(appendSome) },
  { weight: 3, arbitrary: number.map(putOne) },
  {
    weight: 4,
    arbitrary: fc.tuple(number, number, fc.boolean()).map(([which, value, isNew]) => putPart(which, value, isNew)),
  },
  { weight: 2, arbitrary: number.map(removeOne) },
  { weight: 1, arbitrary: number.map(removePart) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom("keepLast", "before", "after"), number).map(([kind, n]) => truncate(kind, n)),
  },
  { weight: 1, arbitrary: fc.constant(named(["clear"], clear)) },
  { weight: 2, arbitrary: fc.tuple(number, number).map(([keep, add]) => replace(keep, add % 4)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("title", "summary", "project")
      .chain((key) => fc.option(fc.string()).map((value) => update(key, value))),
  },
  { weight: 2, arbitrary: number.map(commitMany) },
  { weight: 1, arbitrary: fc.boolean().map(deleteAndRestore) },
  { weight: 1, arbitrary: fc.constant(named(["compact"], compact)) },
);

/** A failing run prints what was called. */
function named(call: unknown[], operation: Operation): Operation {
  return Object.assign(operation, { [fc.toStringMethod]: () => call.join(" ") });
}

function message(model: Model, isNamed: boolean): { id?: string; n: number; text: string } {
  model.count++;
  return { ...(isNamed && { id: `id-${model.count}` }), n: model.count, text: "x".repeat(model.count % 7) };
}

function appendSome(count: number): Operation {
  return named(["appendSome", count], async (session, model) => {
    const given = Array.from({ length: count }, (_, index) => message(model, index % 2 === 0));
    const receipts = count === 1 ? [await session.append(given[0]!)] : await session.append(given);
    receipts.forEach(({ id }, index) => model.messages.push({ id, data: given[index]!, parts: [] }));
  });
}

function putOne(which: number): Operation {
  return named(["putOne", which], async (session, model) => {
    const old = pick(model, which);
    const id = which % 4 === 0 || old === undefined ? `put-${model.count}` : old.id;
    const data = { ...message(model, false), id };
    await session.putMessage(data);
    const found = model.messages.find((each) => each.id === id);
    if (found === undefined) model.messages.push({ id, data, parts: [] });
    else found.data = data;
  });
}

function putPart(which: number, value: number, isNew: boolean): Operation {
  return named(["putPart", which, value, isNew], async (session, model) => {
    const found = pick(model, which);
    if (found === undefined) return;
    const id = isNew ? `part-${model.count++}` : (found.parts[value % Math.max(1, found.parts.length)]?.id ?? "p");
    const data = { id, value };
    await session.putPart(found.id, data);
    const part = found.parts.find((each) => each.id === id);
    if (part === undefined) found.parts.push({ id, data });
    else part.data = data;
  });
}

/** Changes nothing that anybody sees. */
async function compact(session: Session<object, object>): Promise<void> {
  if ((await session.count()) > 0) await session.compact();
}

function removeOne(which: number): Operation {
  return named(["removeOne", which], async (session, model) => {
    const found = pick(model, which);
    if (found === undefined) return;
    await session.remove(found.id);
    model.messages = model.messages.filter((each) => each !== found);
  });
}

function removePart(which: number): Operation {
  return named(["removePart", which], async (session, model) => {
    const found = model.messages.find(({ parts }) => parts.length > which % 3);
    const part = found?.parts[which % 3];
    if (found === undefined || part === undefined) return;
    await session.remove(found.id, part.id);
    found.parts = found.parts.filter((each) => each !== part);
  });
}

function truncate(kind: string, n: number): Operation {
  return named(["truncate", kind, n], async (session, model) => {
    const { length } = model.messages;
    const at = n % Math.max(1, length);
    if (kind !== "keepLast" && length === 0) return;
    const id = model.messages[at]?.id ?? "";
    const kept =
      kind === "keepLast"
        ? model.messages.slice(Math.max(0, length - n))
        : kind === "before"
          ? model.messages.slice(at)
          : model.messages.slice(0, at + 1);
    const range = kind === "keepLast" ? { keepLast: n } : kind === "before" ? { before: id } : { after: id };
    expect(await session.truncate(range)).toBe(length - kept.length);
    model.messages = kept;
  });
}

async function clear(session: Session<object, object>, model: Model): Promise<void> {
  expect(await session.clear()).toBe(model.messages.length);
  model.messages = [];
}

function replace(keep: number, add: number): Operation {
  return named(["replace", keep, add], async (session, model) => {
    const kept = model.messages.slice(0, keep % (model.messages.length + 1));
    const added = Array.from({ length: add }, () => message(model, true));
    const receipts = await session.replace([...kept.map(({ data }) => data), ...added]);
    expect(receipts.slice(0, kept.length).map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
    model.messages = [...kept, ...added.map((data) => ({ id: data.id!, data, parts: [] }))];
  });
}

function update(key: string, value: string | null): Operation {
  return named(["update", key, value], async (session, model) => {
    await session.update({ [key]: value });
    if (value === null) delete model.info[key];
    else model.info[key] = value.toWellFormed();
  });
}

function commitMany(which: number): Operation {
  return named(["commitMany", which], async (session, model) => {
    const old = pick(model, which);
    const first = message(model, true);
    const second = message(model, true);
    await session.commit((commit) => {
      commit.append(first, second);
      commit.putPart(first.id!, { id: "p", which });
      if (old !== undefined) commit.remove(old.id);
      commit.update({ project: `commit ${which}` });
      commit.putMessage({ ...second, more: true });
    });
    model.messages = model.messages.filter((each) => each !== old);
    model.messages.push({ id: first.id!, data: first, parts: [{ id: "p", data: { id: "p", which } }] });
    model.messages.push({ id: second.id!, data: { ...second, more: true }, parts: [] });
    model.info["project"] = `commit ${which}`;
  });
}

function deleteAndRestore(restore: boolean): Operation {
  return named(["deleteAndRestore", restore], async (session, model) => {
    await session.delete();
    await expect(session.history()).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    if (restore) {
      await session.restore();
      return;
    }
    model.messages = [];
    model.isRevived = true;
    model.info = {};
    await appendSome(2)(session, model);
  });
}

/** Without a living message after it, a deletion holds again. */
function isGone(model: Model): boolean {
  return model.isRevived && model.messages.length === 0;
}

async function compare(session: Session<object, object>, model: Model): Promise<void> {
  if (isGone(model)) {
    await expect(session.info()).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    return;
  }
  const history = await session.history();
  expect(
    history.map(({ id, data, parts }) => ({
      id,
      data,
      parts: parts.map((part) => ({ id: part.id, data: part.data })),
    })),
  ).toEqual(model.messages);
  const { title, summary, project } = await session.info();
  expect({ title, summary, project }).toEqual({
    title: undefined,
    summary: undefined,
    project: undefined,
    ...model.info,
  });
}

test("operations equal those on plain arrays, from whichever store, with or without a reopening between", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(operations, fc.nat({ max: 5 })), { minLength: 1, maxLength: 25, size: "max" }),
      async (steps) => {
        const directory = stores.directory();
        const open: Store<any, any>[] = [await stores.open({}, directory), await stores.open({}, directory)];
        const { id } = await open[0]!.createSession({});
        const model: Model = { messages: [], info: {}, count: 0, isRevived: false };
        for (const [operation, choice] of steps) {
          // Each store is another writer, and sees what the other one wrote.
          const store = choice % 2;
          if (choice >= 4) {
            await open[store]!.close();
            open[store] = await stores.open({}, directory);
          }
          await (isGone(model) ? appendSome(1) : operation)(open[store]!.session(id, { create: true }), model);
          if (choice === 3) await compare(open[1 - store]!.session(id), model);
        }
        for (const store of open) await compare(store.session(id), model);
        for (const store of open) await store.close();
        await verifyStores(directory);
      },
    ),
    { numRuns: ROUNDS },
  );
}, 600_000);
