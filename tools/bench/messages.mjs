// Messages as agents write them, the same in every run: prose with line ends and quotes, one in twelve in Chinese.

const WORDS =
  'the parser fails on nested blocks when "tokens" repeat and error handling returns undefined instead of a result'.split(
    " ",
  );
const SIGNS = "会话存储解析器修复测试模块";
const LONGEST = 120_000;
/** What a message has around its content, as JSON. */
const FRAME_BYTES = 96;

/**
 * Sizes as they are in agents' sessions: the median is 600 bytes, the mean 3 KB, and one in 400 has 100 KB. And as small as
 * those of a chat.
 *
 * @typedef {{ count: number, mean: number, sigma: number }} Sizes
 */
export const MIXED = { mean: 3150, sigma: 1.9 };
export const SHORT = { mean: 600, sigma: 0.8 };

/**
 * @typedef {{ id?: string, role: string, content: string, model: string, usage: { input: number, output: number } }} Message
 */

/**
 * The lengths are log-normal around the mean; with `sigma` 0 all are the same.
 *
 * @param {number} count
 * @param {number} meanBytes
 * @param {number} sigma
 * @returns {Generator<Message>}
 */
export function* messages(count, meanBytes, sigma) {
  const random = randomFrom(42);
  for (let index = 0; index < count; index++) {
    const gauss = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const length = (meanBytes - FRAME_BYTES) * Math.exp(sigma * gauss - (sigma * sigma) / 2);
    yield {
      role: index % 2 === 0 ? "user" : "assistant",
      content: text(random, Math.min(length, LONGEST)),
      model: "model-1",
      usage: { input: 1000 + index, output: 200 },
    };
  }
}

/**
 * @param {() => number} random
 * @param {number} bytes
 */
function text(random, bytes) {
  const isChinese = random() < 1 / 12;
  const pick = isChinese ? SIGNS : WORDS;
  const parts = [];
  for (let length = 0; length < bytes;) {
    const part = pick[Math.floor(random() * pick.length)];
    const end = isChinese ? "" : random() < 0.03 ? "\n" : " ";
    parts.push(part, end);
    length += isChinese ? 3 : part.length + end.length;
  }
  return parts.join("");
}

/**
 * @param {number} seed
 * @returns {() => number} from 0 to 1, without 1
 */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
