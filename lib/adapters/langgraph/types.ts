// LangGraph's shapes, as far as a checkpointer needs them (@langchain/langgraph-checkpoint 1.2.2).

/** Which checkpoint: `configurable` has `thread_id`, `checkpoint_ns` (a subgraph's; default "") and `checkpoint_id`. */
export interface RunnableConfig {
  configurable?: Record<string, unknown>;
}

export type ChannelVersion = number | string;

export interface Checkpoint {
  v: number;
  id: string;
  ts: string;
  channel_values: Record<string, unknown>;
  channel_versions: Record<string, ChannelVersion>;
  versions_seen: Record<string, Record<string, ChannelVersion>>;
}

export type PendingWrite = [channel: string, value: unknown];
/** A write with the task that made it. */
export type CheckpointPendingWrite = [taskId: string, channel: string, value: unknown];

export interface CheckpointTuple {
  config: RunnableConfig;
  checkpoint: Checkpoint;
  metadata?: unknown;
  parentConfig?: RunnableConfig;
  pendingWrites?: CheckpointPendingWrite[];
}

export interface CheckpointListOptions {
  limit?: number;
  before?: RunnableConfig;
  filter?: Record<string, unknown>;
}

/** What makes bytes of values, and values of bytes: LangGraph's, which knows its messages. */
export interface Serde {
  dumpsTyped(data: unknown): Promise<[string, Uint8Array]>;
  loadsTyped(type: string, data: Uint8Array | string): Promise<unknown>;
}

/** What BaseCheckpointSaver has for those that extend it. */
export interface SaverBase {
  serde: Serde;
  getNextVersion(current: unknown): ChannelVersion;
}
