// Who writes: the last 8 characters of each stamp, fresh for every open store.
import { randomBytes } from "node:crypto";
import { writerOf } from "../line/stamp.ts";

export function newWriter(): string {
  return writerOf(randomBytes(8));
}
