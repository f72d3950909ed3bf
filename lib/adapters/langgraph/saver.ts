// The checkpointer.
import { StoreError } from "../../base/errors.ts";
import type { Entry } from "../../base/entry.ts";
import type { Store } from "../../store/store.ts";
import { InTurn } from "../in-turn.ts";
import { configOf, idOf, keyOf, missing } from "./key.ts";
import { dataOf, isCheckpoint } from "./stored.ts";
import type { StoredCheckpoint } from "./stored.ts";
import { placesOf, write, writesOf } from "./thread.ts";
import type {
  ChannelVersion,
  Checkpoint,
  CheckpointListOptions,
  CheckpointPendingWrite,
  CheckpointTuple,
  PendingWrite,
  RunnableConfig,
  SaverBase,
} from "./types.ts";
import { compareWrites, dump, indexOf, load } from "./values.ts";
import type { Named, StoredWrite, Typed } from "./values.ts";
import { ifThere, unlessCode } from "../unless-code.ts";

/** What Send() sends. Before version 4 of checkpoints it stood only among the parent's writes. */
const TASKS = "__pregel_tasks";

/**
 * A checkpointer on this store: an instance of the class that extends `Base`, your `BaseCheckpointSaver`. The caller opens and
 * closes the store.
 */
export function langGraphSaver<S extends object>(store: Store, Base: abstract new () => S): S {
  const Parent = Base as unknown as new () => SaverBase;

  class TurnlogSaver extends Parent {
    /** Values are made bytes while others are called; each thread's calls take effect in the order of their beginning. */
    readonly #turns = new InTurn();

    async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
      const { thread, namespace, id } = keyOf(config);
      if (thread === undefined) return undefined;
      const session = idOf(thread, namespace);
      return await this.#turns.run(session, async () => {
        const entry = await unlessCode("NOT_FOUND", id === "" ? this.#last(session) : this.#message(session, id));
        return entry && (await this.#tuple(thread, namespace, entry));
      });
    }

    async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
      const { thread, namespace, id } = keyOf(config);
      const before = options.before && keyOf(options.before).id;
      const filter = Object.entries(options.filter ?? {});
      let left = options.limit ?? Number.POSITIVE_INFINITY;
      for await (const place of placesOf(
        store,
        thread,
        config.configurable?.["checkpoint_ns"] === undefined ? undefined : namespace,
      )) {
        if (left <= 0) return;
        for await (const entry of this.#newestFirst(idOf(place.thread, place.namespace), before)) {
          if (id !== "" && entry.id !== id) continue;
          const metadata = (await load(this.serde, dataOf(entry).metadata as Typed)) as Record<string, unknown>;
          if (!filter.every(([key, value]) => metadata[key] === value)) continue;
          const tuple = await this.#tuple(place.thread, place.namespace, entry);
          if (tuple !== undefined) yield tuple;
          if (--left <= 0) return;
        }
      }
    }

    async put(
      config: RunnableConfig,
      checkpoint: Checkpoint,
      metadata: unknown,
      newVersions: Record<string, ChannelVersion>,
    ): Promise<RunnableConfig> {
      const { thread, namespace, id: parent } = keyOf(config);
      if (thread === undefined) throw missing("put() of a checkpoint", "thread_id");
      const { channel_values: values, ...rest } = checkpoint;
      // What is given may change when we have returned: it becomes bytes now.
      const dumping = Promise.all([
        dump(this.serde, rest),
        dump(this.serde, metadata),
        ...Object.values(values).map((value) => dump(this.serde, value)),
      ]);
      const session = idOf(thread, namespace);
      await this.#turns.run(session, async () => {
        const [head, about, ...dumped] = await dumping;
        const before = parent === "" ? undefined : await unlessCode("NOT_FOUND", this.#message(session, parent));
        const standing = before && (await this.#standingIn(before));
        const channels = new Map<string, string>();
        const added: { id: string; type: "value"; channel: string; value: Typed }[] = [];
        for (const [index, channel] of Object.keys(values).entries()) {
          const { typed, hash } = dumped[index] as Named;
          const id = `${channel}#${hash}`;
          if (Object.hasOwn(newVersions, channel)) {
            added.push({ id, type: "value", channel, value: typed });
            channels.set(channel, id);
            continue;
          }
          // It was written before, or is the caller's to leave out. A value that was read may have other bytes by now: its version tells.
          const known = standing?.(channel, checkpoint.channel_versions[channel]);
          if (known !== undefined || (await unlessCode("NOT_FOUND", store.session(session).message(id))) !== undefined)
            channels.set(channel, known ?? id);
        }
        const message: StoredCheckpoint = {
          id: checkpoint.id,
          type: "checkpoint",
          ...(parent !== "" && { parent }),
          checkpoint: head.typed,
          metadata: about.typed,
          channels: Object.fromEntries(channels),
        };
        // Where its writes came first, it begins here all the same: the last one is the one that was put last.
        const early = await unlessCode("NOT_FOUND", store.session(session).message(checkpoint.id));
        const isMoved = early !== undefined && !isCheckpoint(early);
        await write(store, thread, namespace, {
          checkpoint: checkpoint.id,
          begins: isMoved,
          messages: [...added, message],
          parts: isMoved ? early.parts.map(({ data }) => data as unknown as StoredWrite) : [],
        });
      });
      return configOf(thread, namespace, checkpoint.id);
    }

    async putWrites(config: RunnableConfig, writes: PendingWrite[], task: string, path = ""): Promise<void> {
      const { thread, namespace, id } = keyOf(config);
      if (thread === undefined) throw missing("putWrites()", "thread_id");
      if (id === "") throw missing("putWrites()", "checkpoint_id");
      const dumping = Promise.all(writes.map(([, value]) => dump(this.serde, value)));
      const session = idOf(thread, namespace);
      await this.#turns.run(session, async () => {
        const dumped = await dumping;
        const known = await unlessCode("NOT_FOUND", writesOf(store, session, id));
        const parts = writes.flatMap(([channel], position): StoredWrite[] => {
          const index = indexOf(channel, position);
          const part = { id: JSON.stringify([task, index]), task, path, index, channel };
          // A task that runs again has written already.
          const isThere = index >= 0 && known?.some((each) => each.id === part.id) === true;
          return isThere ? [] : [{ ...part, value: (dumped[position] as (typeof dumped)[number]).typed }];
        });
        const messages = known === undefined ? [{ id, type: "checkpoint" }] : [];
        await write(store, thread, namespace, { checkpoint: id, messages, parts });
      });
    }

    async deleteThread(thread: string): Promise<void> {
      const main = idOf(thread, "");
      const children: string[] = [];
      for await (const { id } of store.children(main)) children.push(id);
      for (const id of [...children, main]) await unlessCode("NOT_FOUND", store.session(id).delete());
    }

    /** The ids of the values that a checkpoint has, by channel and version. */
    async #standingIn(entry: Entry): Promise<(channel: string, version?: ChannelVersion) => string | undefined> {
      const { checkpoint, channels = {} } = dataOf(entry);
      const { channel_versions: versions } = (await load(this.serde, checkpoint as Typed)) as Checkpoint;
      return (channel, version) =>
        version !== undefined && versions[channel] === version && Object.hasOwn(channels, channel)
          ? channels[channel]
          : undefined;
    }

    async #message(session: string, id: string): Promise<Entry | undefined> {
      const entry = await store.session(session).message(id);
      return entry !== undefined && isCheckpoint(entry) ? entry : undefined;
    }

    async #last(session: string): Promise<Entry | undefined> {
      // Mostly the last message is one.
      for (const limit of [1, undefined]) for await (const entry of this.#newestFirst(session, "", limit)) return entry;
      return undefined;
    }

    /** Those before a checkpoint by its place, where it is one of these, else by its id, which begins with a time. */
    async *#newestFirst(session: string, before = "", limit?: number): AsyncGenerator<Entry> {
      const messages = store.session(session);
      const from = before === "" ? undefined : await unlessCode("NOT_FOUND", messages.message(before));
      for await (const entry of ifThere(messages.messages({ reverse: true, before: from?.at, limit })))
        if (isCheckpoint(entry) && (before === "" || from !== undefined || entry.id < before)) yield entry;
    }

    async #tuple(thread: string, namespace: string, entry: Entry): Promise<CheckpointTuple> {
      const { checkpoint, metadata, channels, parent } = dataOf(entry);
      const session = store.session(idOf(thread, namespace));
      const head = (await load(this.serde, checkpoint as Typed)) as Checkpoint;
      const values = new Map<string, unknown>();
      for (const [channel, id] of Object.entries(channels ?? {})) {
        const value = await session.message(id);
        if (value === undefined)
          throw new StoreError("DAMAGED", `checkpoint ${entry.id} has lost the value of its channel ${channel}`, {
            session: session.id,
          });
        values.set(channel, await load(this.serde, value.data["value"] as Typed));
      }
      head.channel_values = Object.fromEntries(values);
      if (head.v < 4 && parent !== undefined) await this.#takeTasks(head, session.id, parent);
      return {
        config: configOf(thread, namespace, entry.id),
        checkpoint: head,
        metadata: await load(this.serde, metadata as Typed),
        pendingWrites: await this.#pending(entry.parts.map(({ data }) => data as unknown as StoredWrite)),
        ...(parent !== undefined && { parentConfig: configOf(thread, namespace, parent) }),
      };
    }

    async #pending(writes: StoredWrite[]): Promise<CheckpointPendingWrite[]> {
      const ordered = writes.sort(compareWrites);
      return await Promise.all(
        ordered.map(async ({ task, channel, value }) => [task, channel, await load(this.serde, value)] as const),
      ).then((pending) => pending.map((each): CheckpointPendingWrite => [...each]));
    }

    /** Gives an old checkpoint what was sent to it. */
    async #takeTasks(head: Checkpoint, session: string, parent: string): Promise<void> {
      const writes = (await unlessCode("NOT_FOUND", writesOf(store, session, parent))) ?? [];
      const sent = await this.#pending(writes.filter(({ channel }) => channel === TASKS));
      head.channel_values[TASKS] = sent.map(([, , value]) => value);
      const versions = Object.values(head.channel_versions);
      head.channel_versions[TASKS] = versions.length > 0 ? versions.reduce(greater) : this.getNextVersion(undefined);
    }
  }

  return new TurnlogSaver() as unknown as S;
}

function greater(a: ChannelVersion, b: ChannelVersion): ChannelVersion {
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  return order >= 0 ? a : b;
}
