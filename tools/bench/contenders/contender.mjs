// What is asked of everything that keeps sessions here, and who is asked.

/** @typedef {import("../messages.mjs").Message} Message */
/** @typedef {"process" | "power"} Durability */
/**
 * A session. Messages are numbered from 0. What a contender does synchronously it may give back without a promise.
 *
 * @typedef {{
 *   append: (message: Message) => unknown,
 *   insert?: (message: Message) => unknown,
 *   appendAll: (messages: Message[]) => unknown,
 *   putText: (text: string, isFinal: boolean) => unknown,
 *   last: (count: number) => object[] | Promise<object[]>,
 *   page: (first: number, count: number) => object[] | Promise<object[]>,
 *   message: (number: number) => unknown,
 *   readAll: () => number | Promise<number>,
 * }} OpenedSession `insert` is an append within a commit that somebody else
 *   makes. `appendAll` is one commit where there is such a thing. `putText` writes the newest version of one text that
 *   grows. `readAll` looks at each message once and keeps none. -> how many
 * @typedef {{ session: (id: string) => OpenedSession, close: () => unknown }} Opened
 * @typedef {{
 *   title: string,
 *   share?: number,
 *   isSync?: boolean,
 *   open: (directory: string, options: { durability: Durability }) => Opened | Promise<Opened>,
 * }} Contender `share`: it is too slow for the full sizes and gets this part of them. `isSync`: `append` has no promise.
 */

/** The contender that the others are compared with. */
export const OURS = "turnlog";

/**
 * @param {string} name of a module beside this one
 * @returns {Promise<Contender | undefined>} undefined: this Node has it not
 */
export async function loadContender(name) {
  try {
    return await import(`./${name}.mjs`);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ERR_UNKNOWN_BUILTIN_MODULE") return undefined;
    throw error;
  }
}

/**
 * The id of a message, for those who find messages by it.
 *
 * @param {number} number
 */
export function messageId(number) {
  return `msg-${String(number).padStart(7, "0")}`;
}

/** The message whose text grows, and the text's own id. */
export const GROWING = { message: "growing", part: "text" };
