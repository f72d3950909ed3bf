// What stands in a message that is a checkpoint.
import type { Entry } from "../../base/entry.ts";
import type { Typed } from "./values.ts";

export interface StoredCheckpoint {
  readonly id: string;
  readonly type: "checkpoint";
  readonly parent?: string;
  /** Absent where a task's writes came before their checkpoint. */
  readonly checkpoint?: Typed;
  readonly metadata?: Typed;
  /** The ids of the messages that have the channels' values. */
  readonly channels?: Readonly<Record<string, string>>;
}

export function dataOf({ data }: Entry): StoredCheckpoint {
  return data as unknown as StoredCheckpoint;
}

export function isCheckpoint(entry: Entry): boolean {
  return dataOf(entry).type === "checkpoint" && dataOf(entry).checkpoint !== undefined;
}
