// Who writes: the last 8 characters of each stamp, fresh for every open store.
import { crypto } from "../../base/crypto.ts";
import { writerOf } from "../../line/stamp.ts";

export function newWriter(): string {
  return writerOf(crypto().randomBytes(8));
}
