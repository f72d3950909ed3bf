// Each way of changing things behind a store's back, as a law of its own.
import { test } from "vitest";
import type { Way } from "./file-changes.ts";
import { useWorlds } from "./world.ts";
import type { World } from "./world.ts";

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

/** `what` becomes each of these: then all stores answer as a full scan does, and again when it goes on. */
export function obey(what: string, ways: readonly Way[], rounds = 1): void {
  const worlds = useWorlds();
  for (const way of ways) {
    const law = async (): Promise<void> => {
      // An inode comes again only when nobody holds the file that had it.
      const options = { maxOpenFiles: way.name.includes("inode") ? 4 : 128 };
      for (let round = 1; round <= (IS_LONG ? 20 : rounds); round++)
        await worlds.enter(round * 1000 + way.name.length, (world) => happens(world, way), options);
    };
    const name = `${what}, ${way.name}: every answer equals a full scan`;
    test(name, law, IS_LONG ? 600_000 : undefined);
  }
}

async function happens(world: World, way: Way): Promise<void> {
  world.isHidden = way.isHidden ?? false;
  const rest = await way.run(world);
  await world.check();
  if (rest) {
    await rest();
    await world.check();
  }
  // All go on, with what they know now.
  for (const asked of [world.here, world.elsewhere]) await asked.ask("beta", "append", { text: "goes on" });
  await world.check();
  if (way.isHidden !== true || way.needsRefresh === true) return;
  // Who reads a session needs no refresh() to read what its log holds.
  const last = await way.run(world);
  await world.checkSessions();
  await last?.();
  await world.checkSessions();
  await world.check();
}
