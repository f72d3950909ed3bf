// Lists sessions in a process of its own: node [--expose-gc] list.mjs SIDE PATH LIMIT PROJECT
//
// SIDE is the rest of the name of a module beside this one. Not all know more than the first step.
//
// Prints JSON: the milliseconds and the answer of each step. With --expose-gc the first step alone, and the megabytes of
// the process before it, after it, and after a collection.

/**
 * The first step opens, too. Steps give the ids that they list, or how many there are.
 *
 * @typedef {"first" | "next" | "project" | "created" | "count"} Step
 * @typedef {string[] | number} Answer
 * @typedef {Record<"first", () => Answer | Promise<Answer>> & Partial<Record<Step, () => Answer | Promise<Answer>>> &
 *   { close: () => void | Promise<void> }} Listing
 * @typedef {{ before: number, after: number, kept: number }} Megabytes
 * @typedef {{ times: Record<Step, number>, answers: Record<Step, Answer>, memory: Megabytes }} Listed
 */

const [side, path, limit, project] = process.argv.slice(2);
/** @type {{ listing: (path: string, limit: number, project: string) => Listing }} */
const { listing } = await import(`./list-${side}.mjs`);
const sessions = listing(path, Number(limit), project);
const listed = globalThis.gc === undefined ? await timeSteps() : { memory: await weighFirst(globalThis.gc) };
await sessions.close();
process.stdout.write(JSON.stringify(listed));

async function timeSteps() {
  /** @type {Record<string, number>} */
  const times = {};
  /** @type {Record<string, Answer>} */
  const answers = {};
  for (const step of /** @type {Step[]} */ (["first", "next", "project", "created", "count"])) {
    const ask = sessions[step];
    if (ask === undefined) continue;
    const start = performance.now();
    const answer = await ask();
    times[step] = performance.now() - start;
    answers[step] = answer;
  }
  return { times, answers };
}

/** @param {() => unknown} collect */
async function weighFirst(collect) {
  collect();
  const before = megabytes();
  await sessions.first();
  const after = megabytes();
  collect();
  return { before, after, kept: megabytes() };
}

function megabytes() {
  return process.memoryUsage.rss() / 1e6;
}
