// Which checkpoint a config names, and the session that it lies in.
import { ArgumentError } from "../../base/errors.ts";
import { escaped } from "../escaped.ts";
import type { RunnableConfig } from "./types.ts";

export interface Key {
  readonly thread: string | undefined;
  readonly namespace: string;
  /** "": not said. */
  readonly id: string;
}

export function keyOf({ configurable = {} }: RunnableConfig): Key {
  const text = (name: string): string | undefined => {
    const value = configurable[name];
    if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
    throw new ArgumentError("INVALID_ARGUMENT", `configurable.${name} must be a text`);
  };
  const thread = text("thread_id");
  if (thread === "") throw new ArgumentError("INVALID_ARGUMENT", "configurable.thread_id must not be empty");
  return { thread, namespace: text("checkpoint_ns") ?? "", id: (text("checkpoint_id") || text("thread_ts")) ?? "" };
}

export function missing(call: string, name: string): ArgumentError {
  return new ArgumentError("INVALID_ARGUMENT", `${call} needs configurable.${name}`);
}

export function configOf(thread: string, namespace: string, id: string): RunnableConfig {
  return { configurable: { thread_id: thread, checkpoint_ns: namespace, checkpoint_id: id } };
}

export function idOf(thread: string, namespace: string): string {
  return namespace === "" ? escaped(thread) : `${escaped(thread)}/${namespace}`;
}
