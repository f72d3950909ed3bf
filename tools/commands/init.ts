import { StoreError } from "../../lib/index.ts";
import type { Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { isStore, storePlace } from "../open.ts";
import { isDatabase, openAt, placeOf } from "../store-at.ts";
import { jsonLine, printable } from "../text.ts";

export const init: Command = {
  usage: ["init [DIR]"],
  summary: "make a store",
  details: `
Makes the store's directory, and what is missing above it. A store that is there stays as it is. Prints its path.

With --json: {"path", "created"}.`,
  options: {},
  examples: ["turnlog init", "turnlog init ~/agent/sessions"],
  async run(call) {
    const [given, ...others] = call.args.positionals;
    if (others.length > 0 || given === "") throw wrongUsage("init takes one directory, or the URL of a database");
    if (given !== undefined && call.args.has("store")) throw wrongUsage("the directory is named twice");
    const place = given === undefined ? storePlace(call) : placeOf(call.io.directory, given);
    const created = isDatabase(place) ? await isMissing(place) : !isStore(place);
    const store = await openAt(place, { create: true });
    const { path } = store;
    await store.close();
    await call.out.write(call.json ? `${jsonLine({ path, created })}\n` : `${printable(path)}\n`);
    if (!call.json) call.say(created ? "a new store" : "the store is there already");
    return EXIT.done;
  },
};

/** Nobody has made a store in this database. */
async function isMissing(place: string): Promise<boolean> {
  try {
    await (await openAt(place, { create: false })).close();
    return false;
  } catch (error) {
    if (error instanceof StoreError && error.code === "NOT_FOUND") return true;
    throw error;
  }
}
