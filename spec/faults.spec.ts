// Every operation on a file can fail, in every step that a store can be asked for. Whatever fails: what was acknowledged is
// there, an error tells what became of the rest, the same process goes on when the fault is over, and so does the next.
import { beforeAll, describe, test } from "vitest";
import { groundOf, runAll } from "./helpers/fault-case.ts";
import type { Ground } from "./helpers/fault-case.ts";
import { BASE, makeBase, STEPS } from "./helpers/fault-steps.ts";

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

/** Steps of very many operations: in the short form they are gone through once. */
const LONG_STEPS: ReadonlySet<string> = new Set([
  "purge of messages",
  "purge of a session",
  "adopt",
  "append to an archived session",
  "unarchive",
  "merge of a new session, with an attachment",
  "merge of another machine's log",
  "merge of more of this machine's own log",
]);

let ground: Ground;
beforeAll(async () => {
  ground = await groundOf(BASE, makeBase);
});

describe.each([
  ["process", "just opened", false, false],
  ["power", "in use", true, !IS_LONG],
  ...(IS_LONG
    ? ([
        ["process", "in use", true, false],
        ["power", "just opened", false, false],
      ] as const)
    : []),
] as const)("durability %s, a store that is %s", (durability, _, isWarm, isReduced) => {
  const steps = STEPS.filter(
    ({ name, isLong }) => IS_LONG || (isLong !== true && !(isReduced && LONG_STEPS.has(name))),
  );
  test.each(steps.map((step) => [step.name, step] as const))(
    "%s",
    async (_, step) => {
      await runAll(step, { ground, durability, isWarm });
    },
    600_000,
  );
});
