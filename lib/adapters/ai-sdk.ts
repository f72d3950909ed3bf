// `turnlog/ai-sdk`: the chat store of the AI SDK's chapter on message persistence (ai 6.0 and 7.0), loadChat() and saveChat(). A chat is
// a session, a UIMessage is a message as it stands.
import { StoreError } from "../base/errors.ts";
import { loadCanonical } from "../line/canonical.ts";
import { isSameData } from "../line/same-data.ts";
import type { Store } from "../store/store.ts";
import { InTurn } from "./in-turn.ts";
import { checkIds, stepsTo } from "./ai-sdk-steps.ts";
import type { Steps } from "./ai-sdk-steps.ts";
import { unlessCode } from "./unless-code.ts";

/** What every UIMessage has. */
export interface ChatMessage {
  id: string;
  role: "system" | "user" | "assistant";
  parts: object[];
}

export interface AiChatStore<M extends ChatMessage> {
  /** Makes an empty chat. -> its id */
  createChat(): Promise<string>;
  /** All messages. A chat that was never written, or was deleted, has none. */
  loadChat(id: string): Promise<M[]>;
  /**
   * Makes the chat these messages, in one commit, and makes the chat if there is none. Only what is not there yet, or is not
   * equal, is written; what is not among them is removed.
   */
  saveChat(chat: { chatId: string; messages: readonly M[] }): Promise<void>;
}

/** A message as it is to be written. */
interface Wanted {
  readonly id: string;
  readonly text: string;
}

/** Chats of the AI SDK in this store. Give your own `UIMessage` type as `M`. The caller opens and closes the store. */
export function aiChatStore<M extends ChatMessage = ChatMessage>(store: Store): AiChatStore<M> {
  const turns = new InTurn();

  async function write(id: string, steps: Steps<Wanted>, expect: string | undefined): Promise<void> {
    await store.session(id, { create: expect === undefined }).commit(
      (commit) => {
        for (const gone of steps.gone) commit.remove(gone);
        if (steps.cut !== undefined) commit.truncate(steps.cut);
        for (const { text } of steps.put) commit.putMessage(JSON.parse(text) as Record<string, unknown>);
      },
      { expect },
    );
  }

  return {
    async createChat() {
      return (await store.createSession()).id;
    },

    async loadChat(id) {
      const messages = await unlessCode("NOT_FOUND", store.session(id).history());
      return (messages ?? []).map(({ data }) => data as unknown as M);
    },

    async saveChat({ chatId, messages }) {
      checkIds(messages);
      // What is given may change when we have returned.
      const wanted = messages.map((message) => ({ id: message.id, text: JSON.stringify(message) }));
      const texts = new Map(wanted.map(({ id, text }) => [id, text]));
      await loadCanonical();
      await turns.run(chatId, async () => {
        for (;;) {
          let info = await unlessCode("NOT_FOUND", store.session(chatId).info());
          if (info === undefined) {
            // What is not there cannot be compared with: it is made first. Only a deleted one begins anew with its messages.
            await unlessCode("EXISTS", store.createSession({ id: chatId }));
            info = await unlessCode("NOT_FOUND", store.session(chatId).info());
          }
          const stored: string[] = [];
          const same = new Set<string>();
          if (info !== undefined) {
            for await (const { id, data } of store.session(chatId).messages({ parts: false })) {
              stored.push(id);
              const text = texts.get(id);
              if (text !== undefined && (JSON.stringify(data) === text || isSameData(data, text))) same.add(id);
            }
          }
          try {
            return await write(chatId, stepsTo(stored, same, wanted), info?.tip);
          } catch (error) {
            // Another process has written since we looked.
            if (!(error instanceof StoreError) || (error.code !== "CONFLICT" && error.code !== "NOT_FOUND"))
              throw error;
          }
        }
      });
    },
  };
}
