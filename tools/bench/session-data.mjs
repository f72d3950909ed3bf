// Sessions as people leave them behind, the same in every run: two years of them, some with a parent, archived, pinned.
import { messages, randomFrom } from "./messages.mjs";
import { makeTitles } from "./title-texts.mjs";

const BEGIN_MS = Date.UTC(2024, 0, 1);
const SPAN_MS = Date.UTC(2026, 0, 1) - BEGIN_MS;
const DAY_MS = 86_400_000;
const MEAN_BYTES = 600;
const SIGMA = 0.8;
/** So many different messages there are, and so many in a session. */
const MESSAGES = 256;
const A_SESSION = 3;
const PROJECTS = 40;
const TAGS = ["bug", "feature", "docs", "release"];

/** @typedef {import("./messages.mjs").Message} Message */
/**
 * Times are milliseconds, and no two sessions have one in common.
 *
 * @typedef {{ title: string, titleSource: "auto", project: string, directory: string, parent?: string,
 *   archived?: true, pinned?: true, tags?: string[] }} Info
 * @typedef {{ id: string, created: number, updated: number, info: Info, messages: { at: number, data: Message }[] }}
 *   SessionData
 */

/** @param {number} number */
export function projectName(number) {
  return `project-${number}`;
}

/**
 * @param {number} count
 * @returns {Generator<SessionData>} by their creation
 */
export function* sessionData(count) {
  const random = randomFrom(7);
  const list = [...messages(MESSAGES, MEAN_BYTES, SIGMA)];
  const { texts } = makeTitles(count);
  const step = SPAN_MS / count;
  const times = new Set();
  let root = "";
  for (let number = 0; number < count; number++) {
    const created = Math.floor(BEGIN_MS + (number + random() * 0.9) * step);
    // Most are done in an hour, and to some one comes back.
    let updated = created + 60_000 + Math.floor(random() ** 8 * 60 * DAY_MS);
    while (times.has(updated)) updated++;
    times.add(updated);
    const id = idOf(created, random);
    const isChild = root !== "" && random() < 1 / 8;
    const project = projectName(Math.floor(random() * PROJECTS));
    yield {
      id,
      created,
      updated,
      info: {
        title: texts[number] ?? "",
        titleSource: "auto",
        project,
        directory: `/home/me/work/${project}`,
        ...(isChild && { parent: root }),
        ...(random() < 1 / 10 && { archived: /** @type {const} */ (true) }),
        ...(random() < 1 / 50 && { pinned: /** @type {const} */ (true) }),
        ...(random() < 1 / 4 && { tags: [TAGS[Math.floor(random() * TAGS.length)] ?? ""] }),
      },
      messages: Array.from({ length: A_SESSION }, (_, index) => ({
        at: created + Math.floor(((index + 1) * (updated - created)) / A_SESSION),
        data: list[(number * A_SESSION + index) % MESSAGES],
      })),
    };
    if (!isChild) root = id;
  }
}

/**
 * A UUIDv7.
 *
 * @param {number} ms
 * @param {() => number} random
 */
function idOf(ms, random) {
  const hex = (/** @type {number} */ value, /** @type {number} */ length) => value.toString(16).padStart(length, "0");
  const part = (/** @type {number} */ length) => hex(Math.floor(random() * 16 ** length), length);
  const time = hex(ms, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${part(3)}-8${part(3)}-${part(12)}`;
}
