// `turnlog/picoclaw`: picoclaw's Store (pkg/memory as of 2026-06), one to one. A session key is a session's id, whatever it is made of:
// no two keys share a log.
import type { Store } from "../store/store.ts";
import { unlessCode } from "./unless-code.ts";

/** A message as picoclaw has it in JSON, whatever more is in it. */
export interface PicoclawMessage {
  role: string;
  content: string;
  reasoning_content?: string;
  tool_calls?: object[];
  tool_call_id?: string;
  media?: string[];
  attachments?: object[];
}

/** Each call is atomic, and makes the session if there is none. */
export interface PicoclawStore<M extends PicoclawMessage> {
  addMessage(key: string, role: string, content: string): Promise<void>;
  /** One message, or several in one commit: a call of a tool with its result, so that no crash parts them. */
  addFullMessage(key: string, message: M | readonly M[]): Promise<void>;
  /** None where there is no such session. */
  getHistory(key: string): Promise<M[]>;
  /** "": there is none. */
  getSummary(key: string): Promise<string>;
  setSummary(key: string, summary: string): Promise<void>;
  /** Hides all but the last. With 0 or less, all. */
  truncateHistory(key: string, keepLast: number): Promise<void>;
  setHistory(key: string, history: readonly M[]): Promise<void>;
  /** Takes out of the log what nobody can see any more. */
  compact(key: string): Promise<void>;
  listSessions(): Promise<string[]>;
  /** Closes the turnlog store. */
  close(): Promise<void>;
}

/** picoclaw's sessions in this store. */
export function picoclawStore<M extends PicoclawMessage = PicoclawMessage>(store: Store): PicoclawStore<M> {
  async function add(key: string, messages: readonly PicoclawMessage[]): Promise<void> {
    const kept = messages.filter((message) => !isTransient(message));
    if (kept.length > 0) await store.session(key, { create: true }).append(kept.map(dataOf));
  }

  return {
    addMessage: (key, role, content) => add(key, [{ role, content }]),
    addFullMessage: (key, message) => add(key, Array.isArray(message) ? (message as readonly M[]) : [message as M]),

    async getHistory(key) {
      const entries = (await unlessCode("NOT_FOUND", store.session(key).history())) ?? [];
      return entries.map(({ data }) => data as unknown as M).filter((message) => !isTransient(message));
    },

    async getSummary(key) {
      const info = await unlessCode("NOT_FOUND", store.session(key).info());
      return info?.summary ?? "";
    },

    async setSummary(key, summary) {
      await store.session(key, { create: true }).update({ summary: summary === "" ? null : summary });
    },

    async truncateHistory(key, keepLast) {
      await unlessCode("NOT_FOUND", store.session(key).truncate({ keepLast: Math.max(0, keepLast) }));
    },

    async setHistory(key, history) {
      const kept = history.filter((message) => !isTransient(message));
      await store.session(key, { create: true }).replace(kept.map(dataOf));
    },

    async compact(key) {
      await unlessCode("NOT_FOUND", store.session(key).compact());
    },

    async listSessions() {
      const keys: string[] = [];
      for await (const key of store.ids()) keys.push(key);
      return keys;
    },

    close: () => store.close(),
  };
}

function dataOf(message: PicoclawMessage): Record<string, unknown> {
  return { ...message };
}

/** A thought without an answer: no provider takes it back. picoclaw neither writes nor reads it. */
function isTransient(message: PicoclawMessage): boolean {
  const {
    role,
    content,
    reasoning_content: reasoning,
    tool_calls: calls,
    tool_call_id: callId,
    media,
    attachments,
  } = message;
  // What somebody else wrote into the session may have other things there.
  const isNone = (text: unknown): boolean =>
    text === undefined || text === null || (typeof text === "string" && text.trim() === "");
  const isEmpty = (list: unknown): boolean =>
    list === undefined || list === null || (Array.isArray(list) && list.length === 0);
  return (
    role === "assistant" &&
    isNone(content) &&
    typeof reasoning === "string" &&
    !isNone(reasoning) &&
    isEmpty(calls) &&
    isEmpty(media) &&
    isEmpty(attachments) &&
    isNone(callId)
  );
}
