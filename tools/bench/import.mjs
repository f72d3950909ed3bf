// How fast do a tool's transcripts come in, next to reading and parsing the same bytes, and in how much memory?
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inTurn, spreadOf } from "./measure.mjs";
import { comparison } from "./rows.mjs";
import { writeTranscripts } from "./transcripts.mjs";

const SCRIPT = fileURLToPath(new URL("import-side.mjs", import.meta.url));
const SESSION_BYTES = 2e6;
const MOST_HEAP_MB = 150;
const PARSE = "chunked read + JSON.parse";

/** @typedef {{ milliseconds: number, again?: number, heap: number, memory: number }} Imported megabytes at most */

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const counts = { rounds: quick ? 2 : 7, dropped: quick ? 0 : 1 };
  const projects = join(directory, "projects");
  const bytes = writeTranscripts(projects, { bytes: quick ? 15e6 : 150e6, sessionBytes: SESSION_BYTES });
  let round = 0;
  const figures = await inTurn(
    {
      turnlog: () => run("turnlog", projects, join(directory, `store-${round++}`)),
      parse: () => run("parse", projects, ""),
    },
    counts,
  );
  const times = {
    turnlog: figures.turnlog.map(({ milliseconds }) => milliseconds),
    [PARSE]: figures.parse.map(({ milliseconds }) => milliseconds),
  };
  const megabytes = Math.round(bytes / 1e6);
  const heap = spreadOf(figures.turnlog.map((each) => each.heap));
  const claim = { what: `import of ${megabytes} MB, largest heap`, unit: /** @type {const} */ ("MB"), ours: heap };
  return {
    title: `import: ${megabytes} MB of Claude Code's transcripts, each time into a new store by a new process, median of ${counts.rounds} rounds`,
    rows: [
      ...comparison("import", "ms", times, {
        [PARSE]: { ...(!quick && { least: 0.4 }), claim: `import of ${megabytes} MB of transcripts` },
      }),
      { name: "largest heap: turnlog", unit: "MB", spread: heap, most: MOST_HEAP_MB, claim },
      { name: `largest heap: ${PARSE}`, unit: "MB", spread: spreadOf(figures.parse.map((each) => each.heap)) },
      { name: "largest memory: turnlog", unit: "MB", spread: spreadOf(figures.turnlog.map((each) => each.memory)) },
      {
        name: "a second import, nothing new: turnlog",
        unit: "ms",
        spread: spreadOf(figures.turnlog.map(({ again }) => again ?? 0)),
      },
    ],
    notes: ["heap: what V8 uses, garbage that it has not collected yet included; memory: the process's, RSS"],
  };
}

/**
 * @param {"turnlog" | "parse"} side
 * @param {string} projects
 * @param {string} root
 * @returns {Imported}
 */
function run(side, projects, root) {
  return JSON.parse(execFileSync(process.execPath, [SCRIPT, side, projects, root], { encoding: "utf8" }));
}
