// One contender: node side.mjs NAME DIRECTORY DURABILITY, forked. Does the tasks that it is sent, one after the other.
import { loadContender } from "./contenders/contender.mjs";
import { closeAll } from "./side-session.mjs";
import { tasks } from "./side-tasks.mjs";

const [name, directory, durability] = process.argv.slice(2);
const contender = await loadContender(name);
/** @type {import("./side-tasks.mjs").SideState | undefined} */
const state = contender && {
  contender,
  directory,
  durability: durability === "power" ? "power" : "process",
  opened: undefined,
  handles: new Map(),
};

process.on("message", (message) => void answer(message));
process.send?.({ title: contender?.title, share: contender?.share ?? 1 });

/** @param {{ task: import("./side-tasks.mjs").TaskName | "end", options: any }} message */
async function answer({ task, options }) {
  try {
    if (task === "end") {
      if (state !== undefined) await closeAll(state);
      process.exit();
    }
    if (state === undefined) throw new Error("there is no such contender");
    process.send?.({ figure: await tasks[task](state, options) });
  } catch (error) {
    process.send?.({ error: String(error instanceof Error ? error.stack : error) });
  }
}
