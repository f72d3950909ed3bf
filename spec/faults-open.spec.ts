// The same for opening, reading and closing a store, and for the indexes that are written beside the logs: they may be missing
// after a fault, but no answer is wrong because of them.
import { beforeAll, describe, test } from "vitest";
import { groundOf, runAll } from "./helpers/fault-case.ts";
import type { Ground } from "./helpers/fault-case.ts";
import { openAt } from "./helpers/fault-checks.ts";
import { message } from "./helpers/fault-model.ts";
import type { Model } from "./helpers/fault-model.ts";
import { BASE, makeBase } from "./helpers/fault-steps.ts";
import type { Context, Step } from "./helpers/fault-step.ts";
import type { Store } from "../lib/index.ts";

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
/** So many messages with so long texts have a sidecar; so many sessions make a new base of the catalog. */
const LONG: readonly string[] = ["l0", "l1", "l2", "l3"];
const LONG_TEXT = "long ".repeat(5000);
const MANY = Array.from({ length: 17 }, (_, n) => `many-${n}`);

let ground: Ground;
beforeAll(async () => {
  ground = await groundOf(BASE, makeBase);
});

const same = (model: Model): Model => model;

/** A second store of this process, over the same files. */
async function opened({ vfs, root, durability }: Context): Promise<Store<any, any>> {
  return await openAt(vfs, root, { durability });
}

/** What is given instead of an answer must be an error. */
function checkAnswer(what: string, given: unknown, right: unknown): void {
  if (JSON.stringify(given) !== JSON.stringify(right))
    throw new Error(`${what} gives ${JSON.stringify(given)}, not ${JSON.stringify(right)}`);
}

const STEPS: readonly Step<Store<any, any>>[] = [
  {
    name: "open, read, close",
    async run(_, context) {
      const store = await opened(context);
      try {
        for await (const listed of store.sessions()) {
          if (!("damaged" in listed)) checkAnswer("sessions()", listed.title, context.expected[listed.id]?.title);
        }
        for (const [id, { messages }] of Object.entries(context.expected)) {
          const history = await store.session(id).history();
          checkAnswer(
            "history()",
            history.map(({ data }) => data),
            messages.map(({ data }) => data),
          );
        }
      } finally {
        await store.close();
      }
    },
    apply: same,
    isCommit: true,
  },
  {
    name: "pages, listings and searches",
    prepare: opened,
    async run(_, { expected }, store) {
      let warnings = 0;
      store.on("warning", () => warnings++);
      const ids = expected["s"]!.messages.map(({ id }) => id);
      try {
        const page = await store.session("s").page({ limit: 2 });
        checkAnswer(
          "page()",
          page.items.map(({ id }) => id),
          ids.slice(-2),
        );
        checkAnswer("count()", await store.session("s").count(), ids.length);
        const listed = await store.page({ limit: 100 });
        const damaged = listed.items.flatMap((item) => ("damaged" in item ? [item.id] : []));
        const whole = listed.items.map(({ id }) => id).filter((id) => !damaged.includes(id));
        // What cannot be read is listed, deleted or not: nobody can tell.
        checkAnswer(
          "store.page()",
          whole.toSorted(),
          Object.keys(expected)
            .filter((id) => !damaged.includes(id))
            .toSorted(),
        );
        const isDamaged = damaged.length > 0;
        const titles = await store.searchTitles("first");
        if (!isDamaged)
          checkAnswer(
            "searchTitles()",
            titles.map(({ id }) => id),
            ["s"],
          );
        const hits: string[] = [];
        for await (const { id } of store.searchMessages("text of m3")) hits.push(id);
        if (warnings === 0) checkAnswer("searchMessages()", hits, ["m3"]);
        checkAnswer("message()", (await store.session("s").message("m1"))?.id, "m1");
      } finally {
        await store.close();
      }
    },
    apply: same,
    isCommit: true,
  },
  {
    name: "close, with all indexes to be written",
    async prepare(context) {
      const store = await opened(context);
      await store.session("long", { create: true }).append(LONG.map((id) => ({ id, text: LONG_TEXT })));
      for (const id of MANY) await store.createSession({ id });
      return store;
    },
    prepared: (model) => ({
      ...model,
      long: { messages: LONG.map((id) => message(id, { id, text: LONG_TEXT })) },
      ...Object.fromEntries(MANY.map((id) => [id, { messages: [] }])),
    }),
    run: (_, __, store) => store.close(),
    apply: same,
    isCommit: true,
  },
  {
    name: "sync",
    prepare: opened,
    async run(_, __, store) {
      try {
        await store.session("s").sync();
      } finally {
        await store.close();
      }
    },
    apply: same,
    isCommit: true,
  },
];

describe.each(IS_LONG ? (["process", "power"] as const) : (["process"] as const))("durability %s", (durability) => {
  test.each(STEPS.map((step) => [step.name, step] as const))(
    "%s",
    async (_, step) => {
      await runAll(step, { ground, durability, isWarm: false });
    },
    600_000,
  );
});
