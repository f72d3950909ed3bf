// The SDK's shapes. `I` is its AgentInputItem.

export interface HistoryMutation<I> {
  type: "replace_function_call";
  callId: string;
  replacement: I;
}

export type HistoryTransaction<I> =
  | { type: "append_items"; items: I[] }
  | { type: "replace_suffix"; expectedSuffix: I[]; replacement: I[] };

/** The SDK's `Session`: give it as `session` to run(). Each of these is one commit. */
export interface OpenAISession<I extends object> {
  getSessionId(): Promise<string>;
  /** The newest `limit` items, or all, oldest first. A session that was never written, or was deleted, has none. */
  getItems(limit?: number): Promise<I[]>;
  /** Makes the session if there is none. */
  addItems(items: I[]): Promise<void>;
  popItem(): Promise<I | undefined>;
  clearSession(): Promise<void>;
  /** Puts a replacement in the place of the call with this id, and takes out what repeats it. */
  applyHistoryMutations(args: { mutations: HistoryMutation<I>[] }): Promise<void>;
  /**
   * Done once for each `operationId`, until the session is cleared. Throws CONFLICT, and changes nothing, if the suffix is another one
   * by now, or the id was that of another transaction.
   */
  applyHistoryTransaction(args: { operationId: string; transaction: HistoryTransaction<I> }): Promise<void>;
  /** Makes the history these items. What was done by transactions stays known. */
  replaceHistoryWithCompaction(items: I[]): Promise<void>;
}
