// Several operations for one commit. They are checked as they are called, and run together.
import type { SessionPatch } from "../../base/session-info.ts";
import { append, putMessage, putPart, remove, truncate, update } from "./operations.ts";
import type { TruncateRange } from "./operations.ts";
import { prepare, preparePatch } from "./prepare.ts";
import type { Prepared } from "./prepare.ts";
import type { SessionState } from "../session-state.ts";
import type { Transaction } from "./transaction.ts";

export class CommitBuilder<M extends object, P extends object> {
  readonly #session: SessionState;
  readonly #operations: ((tx: Transaction) => unknown)[] = [];
  /** @internal What the operations write. */
  readonly prepared: Prepared[] = [];

  /** @internal */
  constructor(session: SessionState) {
    this.#session = session;
  }

  /** -> the ids of the messages, which later operations of the same commit can name. */
  append(...messages: M[]): string[] {
    const prepared = messages.map((message) => this.#prepare(message, "message"));
    this.#operations.push((tx) => prepared.map((each) => append(tx, each)));
    return prepared.map(({ id }) => id);
  }

  putMessage(message: M): void {
    const prepared = this.#prepare(message, "message");
    this.#operations.push((tx) => putMessage(tx, prepared));
  }

  /** -> the id of the part */
  putPart(messageId: string, part: P): string {
    const prepared = this.#prepare(part, "part");
    this.#operations.push((tx) => putPart(tx, messageId, prepared));
    return prepared.id;
  }

  remove(messageId: string, partId?: string): void {
    this.#operations.push((tx) => remove(tx, messageId, partId));
  }

  update(patch: SessionPatch): void {
    const set = preparePatch(this.#session, patch);
    this.#operations.push((tx) => update(tx, set));
  }

  truncate(range: TruncateRange): void {
    this.#operations.push((tx) => truncate(tx, range));
  }

  clear(): void {
    this.truncate({ keepLast: 0 });
  }

  /** @internal */
  run(tx: Transaction): void {
    for (const operation of this.#operations) operation(tx);
  }

  #prepare(value: M | P, what: "message" | "part"): Prepared {
    const prepared = prepare(this.#session, value, what);
    this.prepared.push(prepared);
    return prepared;
  }
}
