// Any history, and any sequence of changes behind the store's back: every answer is that of a naive full scan.
import fc from "fast-check";
import { test } from "vitest";
import type { Way } from "./helpers/file-changes.ts";
import { randomOf } from "./helpers/random.ts";
import { CACHE } from "./helpers/ways-cache.ts";
import { GROWN } from "./helpers/ways-grown.ts";
import { MOVED } from "./helpers/ways-moved.ts";
import { REWRITTEN } from "./helpers/ways-rewritten.ts";
import { useWorlds } from "./helpers/world.ts";
import type { World } from "./helpers/world.ts";

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const LIMIT = { timeout: IS_LONG ? 3_600_000 : 120_000 };

const worlds = useWorlds();

/** The logs themselves are the model: a naive full scan reads what is to be answered. */
type Model = object;
type Command = fc.AsyncCommand<Model, World>;

/** A failing run prints what was done, and a shorter one does it with the same numbers. */
function command(name: string, seed: number, run: (world: World) => Promise<unknown>): Command {
  return {
    check: () => true,
    async run(_, world) {
      world.random = randomOf(seed);
      await run(world);
    },
    toString: () => `${name} (${seed})`,
  };
}

const seeds = fc.noShrink(fc.nat({ max: 0x7fff_ffff }));

function changes(all: readonly Way[]): fc.Arbitrary<Command> {
  return fc
    .tuple(fc.constantFrom(...all), seeds)
    .map(([way, seed]) => command(way.name, seed, (world) => change(world, way)));
}

async function change(world: World, way: Way): Promise<void> {
  if (world.logs().length === 0) return;
  world.isHidden ||= way.isHidden ?? false;
  const rest = await way.run(world);
  if (rest) world.rests.push(rest);
}

const commands: fc.Arbitrary<Command>[] = [
  ...[GROWN, GROWN, REWRITTEN, MOVED, CACHE].map(changes),
  seeds.map((seed) =>
    command("what was begun goes on", seed, async ({ rests, random }) => rests.splice(random(rests.length), 1)[0]?.()),
  ),
  seeds.map((seed) => command("any store is asked", seed, (world) => world.glance())),
  seeds.map((seed) =>
    command("all stores are opened anew", seed, async (world) => {
      await world.close();
      await world.open();
    }),
  ),
];

test(
  "any sequence of changes behind the store's back, and of a cache that is anything, changes no answer",
  LIMIT,
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(commands, { maxCommands: IS_LONG ? 40 : 12, size: "max" }),
        seeds,
        async (given, seed) => {
          const run = async (world: World): Promise<void> => {
            await fc.asyncModelRun(() => ({ model: {}, real: world }), given);
            await world.check();
          };
          await worlds.enter(seed, run, { lists: 1, sessions: 3, maxOpenFiles: seed % 2 ? 4 : 128 });
        },
      ),
      IS_LONG ? { numRuns: 300 } : { numRuns: 20, interruptAfterTimeLimit: 20_000 },
    );
  },
);
