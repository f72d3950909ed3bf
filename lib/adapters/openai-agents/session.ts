// The Session. What is read before it is changed is written against the tip that was seen: another process's item is never lost.
import { crypto } from "../../base/crypto.ts";
import { ArgumentError, StoreError } from "../../base/errors.ts";
import type { Entry } from "../../base/entry.ts";
import { canonical, isEqual, loadCanonical } from "../../line/canonical.ts";
import type { CommitBuilder } from "../../store/write/commit-builder.ts";
import type { Store } from "../../store/store.ts";
import { InTurn } from "../in-turn.ts";
import { unlessCode } from "../unless-code.ts";
import { itemOf, messageOf } from "./item.ts";
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
    const read = async (): Promise<void> => {
      // Mostly there is none of those among them.
      const limit = count === Number.POSITIVE_INFINITY ? undefined : count;
      for await (const entry of session.messages({ reverse: true, limit })) if (!isOperation(entry)) found.push(entry);
      const last = found.at(-1);
      if (limit === undefined || found.length === limit) return;
      for await (const entry of session.messages({ reverse: true, before: last?.at }))
        if (!isOperation(entry) && found.push(entry) >= count) return;
    };
    await unlessCode("NOT_FOUND", read());
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
      return (commit) => void commit.append(...messages, operation);
    }
    const suffix = await newest(transaction.expectedSuffix.length);
    const isExpected = isEqual(suffix.map(shapeOf), transaction.expectedSuffix.map(plain));
    if (!isExpected) throw conflict(sessionId, "the history does not end in the expected items any more");
    const messages = transaction.replacement.map(messageOf);
    return (commit) => {
      for (const { at } of suffix) commit.remove(at);
      commit.append(...messages, operation);
    };
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

    applyHistoryMutations: ({ mutations }) =>
      turns.run("", () =>
        change(false, async () => {
          const replacements = new Map<unknown, I>();
          // Of several for one call the last one stands.
          for (const { type, callId, replacement } of mutations)
            if (type === "replace_function_call") replacements.set(callId, replacement);
          if (replacements.size === 0) return undefined;
          const put: Fields[] = [];
          const gone: string[] = [];
          const seen = new Set<unknown>();
          for await (const { id, at, data } of session.messages()) {
            const callId = data["callId"];
            const replacement = data["type"] === "function_call" ? replacements.get(callId) : undefined;
            if (replacement === undefined) continue;
            if (seen.has(callId)) gone.push(at);
            else put.push({ ...messageOf(replacement), id });
            seen.add(callId);
          }
          if (seen.size === 0) return undefined;
          return (commit) => {
            for (const message of put) commit.putMessage(message);
            for (const at of gone) commit.remove(at);
          };
        }),
      ),

    async applyHistoryTransaction({ operationId, transaction }) {
      if (typeof operationId !== "string" || operationId.trim() === "")
        throw new ArgumentError("INVALID_ARGUMENT", "operationId must be a text that is not blank");
      const { type } = transaction;
      if (type !== "append_items" && type !== "replace_suffix")
        throw new ArgumentError("INVALID_ARGUMENT", `a transaction of type ${String(type)} is not known`);
      const given = structuredClone(transaction);
      await turns.run("", () => change(true, () => plan(operationId, given)));
    },

    async replaceHistoryWithCompaction(items) {
      const messages = items.map((item) => plain(item));
      await turns.run("", () =>
        store.session(sessionId, { create: true }).commit((commit) => {
          commit.clear();
          commit.append(...messages);
        }),
      );
    },
  };
}

function isOperation({ data }: Entry): boolean {
  return data["type"] === "operation" && typeof data["hash"] === "string" && typeof data["id"] === "string";
}

/** An item as it will be read. */
function plain(item: object): Fields {
  return JSON.parse(JSON.stringify(messageOf(item))) as Fields;
}

/** The same of an item that stands, which has an id of its own once it was replaced. */
function shapeOf({ data: { id: _id, ...shape } }: Entry): Fields {
  return shape;
}

function hashOf<I extends object>(transaction: HistoryTransaction<I>): string {
  const lists =
    transaction.type === "append_items"
      ? [transaction.items.map(plain)]
      : [transaction.expectedSuffix.map(plain), transaction.replacement.map(plain)];
  return crypto()
    .createHash("sha256")
    .update(canonical([transaction.type, lists]))
    .digest("hex");
}

function conflict(session: string, message: string): StoreError {
  return new StoreError("CONFLICT", message, { session });
}
