// What a transaction is, and whether it is the same one again.
import { crypto } from "../../base/crypto.ts";
import { ArgumentError } from "../../base/errors.ts";
import { isObject } from "../../base/object.ts";
import { canonical } from "../../line/canonical.ts";
import { plain } from "./item.ts";
import type { HistoryTransaction } from "./types.ts";

/** Throws for what is none. */
export function checkTransaction(operationId: unknown, transaction: unknown): void {
  if (typeof operationId !== "string" || operationId.trim() === "")
    throw new ArgumentError("INVALID_ARGUMENT", "operationId must be a text that is not blank");
  const { type, ...lists } = isObject(transaction) ? transaction : {};
  const names =
    type === "append_items" ? ["items"] : type === "replace_suffix" ? ["expectedSuffix", "replacement"] : [];
  if (names.length === 0)
    throw new ArgumentError("INVALID_ARGUMENT", `a transaction of type ${String(type)} is not known`);
  for (const name of names)
    if (!Array.isArray(lists[name]) || !lists[name].every(isObject))
      throw new ArgumentError("INVALID_ARGUMENT", `${name} of a transaction must be a list of items`);
}

export function hashOf<I extends object>(transaction: HistoryTransaction<I>): string {
  const lists =
    transaction.type === "append_items"
      ? [transaction.items.map(plain)]
      : [transaction.expectedSuffix.map(plain), transaction.replacement.map(plain)];
  return crypto()
    .createHash("sha256")
    .update(canonical([transaction.type, lists]))
    .digest("hex");
}
