// What every importer is: it finds a tool's sessions and says what is in them. Writing is the store's part.
import type { FoundSession } from "../store/import.ts";

export interface Importer {
  /** Where the tool keeps its sessions. */
  defaultPath(): string;
  /** True if the file, or the directory, is one of the tool's. */
  recognizes(path: string): boolean;
  /** The sessions in a file or directory. */
  find(path: string, onProblem: OnProblem): SourceSession[];
}

export type OnProblem = (path: string, reason: string, line?: number) => void;

export interface SourceSession extends FoundSession {
  /** The files that it was read from, for markMigrated. */
  readonly files: readonly string[];
  /** The session that its messages are the beginning of, so that it is not taken over by itself. */
  aliasOf?(): Promise<SourceSession | undefined>;
}

/** A time in ms; undefined for what is none. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const ms = new Date(value).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textIn(value: Record<string, unknown>, key: string): string | undefined {
  const text = value[key];
  return typeof text === "string" && text !== "" ? text : undefined;
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
