// Logs that grow, by whom ever.
import { appendFileSync, readFileSync, utimesSync } from "node:fs";
import { openStore } from "../../lib/index.ts";
import { askHere } from "./asked.ts";
import type { Asked } from "./asked.ts";
import { isLog } from "./file-changes.ts";
import type { Way } from "./file-changes.ts";
import { linesAfter } from "./log-edits.ts";
import { pick } from "./random.ts";
import type { World } from "./world.ts";

const IDS = ["alpha", "beta", "zeta", "gamma", "delta", "epsilon"];

/** One operation of a caller's. A session that is damaged or deleted at this moment may refuse it. */
async function write(world: World, asked: Asked): Promise<void> {
  const { random } = world;
  const id = pick(random, [...IDS, `new-${random(1e9)}`]);
  const text = "more ".repeat(random(300));
  const naive = world.scan().get(id);
  const message = naive === undefined || naive.history.length === 0 ? "nobody" : pick(random, naive.history).id;
  const messages = Array.from({ length: 1 + random(4) }, (_, n) => ({ n, text }));
  const operations: [call: string, ...args: unknown[]][] = [
    ["append", messages],
    ["append", messages],
    ["update", { title: `title ${random(1e9)}`, archived: random(3) === 0, tags: random(2) === 0 ? ["a", "b"] : null }],
    ["putMessage", { id: message, text }],
    ["putPart", message, { id: "p1", text }],
    ["remove", message],
    ["truncate", { keepLast: random(60) }],
    ["checkout", message],
    ["replace", messages],
    ["delete"],
    ["restore"],
  ];
  const [call, ...args] = pick(random, operations);
  const answer = await asked.ask(id, call, ...args);
  const isRefused = typeof answer?.error === "string";
  if (isRefused && !/^[A-Z_]+$/.test(answer.error)) throw new Error(`${call} of ${id}: ${answer.error}`);
  // What is written on trust is looked after some milliseconds later, and repeated where the file is another one by then.
  if (!isRefused) await asked.ask(id, "sync");
  if (call !== "append" || isRefused) return;
  const content = world.logs().map((path) => readFileSync(path, "latin1"));
  for (const { at } of answer)
    if (!content.some((log) => log.includes(`{"at":"${at}"`)))
      throw new Error(`${at} was acknowledged and is in no log`);
}

export const GROWN: readonly Way[] = [
  { name: "grown by the open store", run: (world) => write(world, world.here) },
  { name: "grown by another process", run: (world) => write(world, world.elsewhere) },
  {
    name: "grown by another store of this process",
    async run(world) {
      const store = await openStore<any, any>(world.directory);
      await write(world, askHere(store, "a second store"));
      await store.close();
    },
  },
  {
    name: "grown by lines that were written by hand",
    isHidden: true,
    run(world) {
      const path = world.anyLog();
      appendFileSync(path, linesAfter(readFileSync(path), 1 + world.random(5), world.random));
    },
  },
  {
    name: "grown by half a line, and then by the rest of it",
    isHidden: true,
    run(world) {
      const path = world.anyLog();
      const lines = linesAfter(readFileSync(path), 2, world.random);
      const cut = 1 + world.random(lines.length - 1);
      appendFileSync(path, lines.slice(0, cut));
      return () => isLog(path) && appendFileSync(path, lines.slice(cut));
    },
  },
  {
    name: "grown as by rsync --append, which gives the log the time of the other",
    isHidden: true,
    run(world) {
      const path = world.anyLog();
      appendFileSync(path, linesAfter(readFileSync(path), 1 + world.random(5), world.random));
      utimesSync(path, 1_700_000_000, 1_700_000_000);
    },
  },
];
