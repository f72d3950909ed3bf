// The Session. What is read before it is changed is written against the tip that was seen: another process's item is never lost.
import { StoreError } from "../../base/errors.ts";
import type { Entry } from "../../base/entry.ts";
import { isEqual, loadCanonical } from "../../line/canonical.ts";
import type { CommitBuilder } from "../../store/write/commit-builder.ts";
import type { Store } from "../../store/store.ts";
import { InTurn } from "../in-turn.ts";
import { ifThere, unlessCode } from "../unless-code.ts";
import { itemOf, messageOf, plain, shapeOf } from "./item.ts";
import { isCall, mutated } from "./mutations.ts";
import type { StandingCall } from "./mutations.ts";
import { checkTransaction, hashOf } from "./transaction.ts";
import type { HistoryTransaction, OpenAISession } from "./types.ts";

type Fields = Record<string, unknown>;
type Build = (commit: CommitBuilder<Fields, Fields>) => void;

/** A session of the OpenAI Agents SDK. The caller opens and closes the store. */
export function openAISession<I extends object>(store: Store, sessionId: string): OpenAISession<I> {
  const turns = new InTurn();
  const session = store.session(sessionId);

  /** The newest n, oldest first, without what stands for transactions. */
  async function newest(count: number): Promise<Entry[]> {
    const found: Entry[] = [];
    if (count <= 0) return found;
    const limit = count === Number.POSITIVE_INFINITY ? undefined : count;
    for await (const entry of ifThere(session.messages({ reverse: true, limit })))
      if (!isOperation(entry)) found.push(entry);
    // Mostly there is none of those among them.
    const isAll = limit === undefined || found.length === limit;
    if (!isAll)
      for await (const entry of ifThere(session.messages({ reverse: true, before: found.at(-1)?.at })))
        if (!isOperation(entry) && found.push(entry) >= count) break;
    return found.reverse();
  }

  /** Makes a commit of what stands; where somebody writes meanwhile, of what stands then. `plan` gives undefined where nothing is to be done. */
  async function change(create: boolean, plan: () => Promise<Build | undefined>): Promise<void> {
    await loadCanonical();
    for (;;) {
      let info = await unlessCode("NOT_FOUND", session.info());
      if (info === undefined && create) {
        // What is not there cannot be compared with: it is made first. Only a deleted one begins anew with its items.
        await unlessCode("EXISTS", store.createSession({ id: sessionId }));
        info = await unlessCode("NOT_FOUND", session.info());
      }
      const build = info === undefined && !create ? undefined : await plan();
      if (build === undefined) return;
      try {
        const handle = store.session(sessionId, { create: info === undefined });
        return await handle.commit(build, { expect: info?.tip });
      } catch (error) {
        if (!(error instanceof StoreError) || (error.code !== "CONFLICT" && error.code !== "NOT_FOUND")) throw error;
      }
    }
  }

  async function plan(operationId: string, transaction: HistoryTransaction<I>): Promise<Build | undefined> {
    const id = `operation:${operationId}`;
    const hash = hashOf(transaction);
    const before = await unlessCode("NOT_FOUND", session.message(id));
    if (before !== undefined) {
      if (before.data["hash"] === hash) return undefined;
      throw conflict(sessionId, `operation ${JSON.stringify(operationId)} was another transaction`);
    }
    const operation = { id, type: "operation", hash };
    if (transaction.type === "append_items") {
      const messages = transaction.items.map(messageOf);
      return (commit) => void commit.append(operation, ...messages);
    }
    const suffix = await newest(transaction.expectedSuffix.length);
    const isExpected = isEqual(
      suffix.map(({ data }) => shapeOf(data)),
      transaction.expectedSuffix.map(plain),
    );
    if (!isExpected) throw conflict(sessionId, "the history does not end in the expected items any more");
    const messages = transaction.replacement.map(messageOf);
    return (commit) => {
      for (const { at } of suffix) commit.remove(at);
      commit.append(operation, ...messages);
    };
  }

  /** The messages that stand for the transactions that were done. */
  async function operations(): Promise<Fields[]> {
    const found: Fields[] = [];
    for await (const entry of ifThere(session.messages())) if (isOperation(entry)) found.push({ ...entry.data });
    return found;
  }

  return {
    getSessionId: () => Promise.resolve(sessionId),

    getItems: (limit = Number.POSITIVE_INFINITY) =>
      turns.run("", async () => (await newest(limit)).map(({ data }) => itemOf(data) as I)),

    async addItems(items) {
      if (items.length === 0) return;
      // What is given may change when we have returned.
      const messages = items.map((item) => plain(item));
      await turns.run("", async () => {
        await store.session(sessionId, { create: true }).append(messages);
      });
    },

    popItem: () =>
      turns.run("", async () => {
        let popped: Entry | undefined;
        await change(false, async () => {
          [popped] = await newest(1);
          const { at } = popped ?? {};
          return at === undefined ? undefined : (commit) => commit.remove(at);
        });
        return popped === undefined ? undefined : (itemOf(popped.data) as I);
      }),

    clearSession: () => turns.run("", async () => void (await unlessCode("NOT_FOUND", session.clear()))),

    async applyHistoryMutations({ mutations }) {
      if (mutations.length === 0) return;
      const given = structuredClone(mutations);
      await turns.run("", () =>
        change(false, async () => {
          const calls: StandingCall<I>[] = [];
          for await (const { id, at, data } of session.messages()) {
            const item = itemOf(data) as I;
            if (isCall(item)) calls.push({ id, at, item, isChanged: false });
          }
          const { changed, gone } = mutated(calls, given);
          if (changed.length === 0) return undefined;
          return (commit) => {
            for (const { id, item } of changed) commit.putMessage({ ...messageOf(item), id });
            for (const { at } of gone) commit.remove(at);
          };
        }),
      );
    },

    async applyHistoryTransaction({ operationId, transaction }) {
      checkTransaction(operationId, transaction);
      const given = structuredClone(transaction);
      await turns.run("", () => change(true, () => plan(operationId, given)));
    },

    async replaceHistoryWithCompaction(items) {
      const messages = items.map((item) => plain(item));
      await turns.run("", () =>
        change(true, async () => {
          // The identity stays, and with it what was done: only clearing forgets that.
          const done = await operations();
          return (commit) => {
            commit.clear();
            commit.append(...done, ...messages);
          };
        }),
      );
    },
  };
}

function isOperation({ data }: Entry): boolean {
  return data["type"] === "operation" && typeof data["hash"] === "string" && typeof data["id"] === "string";
}

function conflict(session: string, message: string): StoreError {
  return new StoreError("CONFLICT", message, { session });
}
