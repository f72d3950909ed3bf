import { resolve } from "node:path";
import { openStore } from "../../lib/index.ts";
import type { Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { isStore, storeDirectory } from "../open.ts";
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
    if (others.length > 0 || given === "") throw wrongUsage("init takes one directory");
    if (given !== undefined && call.args.has("store")) throw wrongUsage("the directory is named twice");
    const directory = given === undefined ? storeDirectory(call) : resolve(call.io.directory, given);
    const created = !isStore(directory);
    const store = await openStore(directory);
    const { path } = store;
    await store.close();
    await call.out.write(call.json ? `${jsonLine({ path, created })}\n` : `${printable(path)}\n`);
    if (!call.json) call.say(created ? "a new store" : "the store is there already");
    return EXIT.done;
  },
};
