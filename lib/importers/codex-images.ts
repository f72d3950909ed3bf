// A compaction restates what the model goes on with, images and all, so that one image can stand in a rollout a hundred
// times. What a message of the thread has is kept there; a restatement says which message that was.
import { createHash } from "node:crypto";
import { isObject } from "../base/object.ts";

/** Shorter texts are as short as what would stand for them. */
const LEAST_CHARACTERS = 256;

export class Images {
  /** The message that had it first, by the hash of its text. */
  readonly #seen = new Map<string, string>();

  /** The images of a message. */
  note(value: unknown, message: string): void {
    visit(value, (text) => {
      const hash = hashOf(text);
      if (!this.#seen.has(hash)) this.#seen.set(hash, message);
      return text;
    });
  }

  /** The same value with {imageOf, sha256} for each image that is known; `message` is where the others are then. */
  withoutKnown(value: unknown, message: string): unknown {
    return visit(value, (text) => {
      const hash = hashOf(text);
      const imageOf = this.#seen.get(hash);
      if (imageOf === undefined) this.#seen.set(hash, message);
      return imageOf === undefined ? text : { imageOf, sha256: hash };
    });
  }
}

/** A copy, each image as `change` gives it. */
function visit(value: unknown, change: (image: string) => unknown): unknown {
  if (typeof value === "string")
    return value.length >= LEAST_CHARACTERS && value.startsWith("data:") ? change(value) : value;
  if (Array.isArray(value)) return value.map((each) => visit(each, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each, change)]));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
