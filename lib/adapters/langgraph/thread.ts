// The sessions that a graph's threads are.
import type { Store } from "../../store/store.ts";
import { unescaped } from "../escaped.ts";
import { unlessCode } from "../unless-code.ts";
import { idOf } from "./key.ts";
import type { StoredWrite } from "./values.ts";

const TAG = "langgraph";

/** What is to be written of one checkpoint. */
export interface Change {
  readonly checkpoint: string;
  /** The checkpoint begins anew, after all that stands. */
  readonly begins?: boolean;
  readonly messages: readonly object[];
  /** What its tasks wrote. */
  readonly parts: readonly StoredWrite[];
}

/** One commit. A thread that is new is tagged, so that list() finds it. */
export async function write(store: Store, thread: string, namespace: string, change: Change): Promise<void> {
  const { checkpoint, begins = false, messages, parts } = change;
  const id = idOf(thread, namespace);
  const commit = async (create: boolean): Promise<true> => {
    await store.session(id, { create }).commit((c) => {
      if (create) c.update({ tags: [TAG], ...(namespace !== "" && { parent: idOf(thread, "") }) });
      if (begins) c.remove(checkpoint);
      for (const message of messages) c.putMessage(message as Record<string, unknown>);
      for (const part of parts) c.putPart(checkpoint, part as unknown as Record<string, unknown>);
    });
    return true;
  };
  if ((await unlessCode("NOT_FOUND", commit(false))) === undefined) await commit(true);
}

export async function writesOf(store: Store, session: string, checkpoint: string): Promise<StoredWrite[]> {
  const writes: StoredWrite[] = [];
  for await (const { data } of store.session(session).parts(checkpoint)) writes.push(data as unknown as StoredWrite);
  return writes;
}

/** The threads and namespaces that a listing asks for. */
export async function* placesOf(
  store: Store,
  thread?: string,
  namespace?: string,
): AsyncGenerator<{ thread: string; namespace: string }> {
  if (thread !== undefined && namespace !== undefined) {
    yield { thread, namespace };
    return;
  }
  const filter = thread === undefined ? { all: true, tags: [TAG] } : { parent: idOf(thread, ""), tags: [TAG] };
  if (thread !== undefined) yield { thread, namespace: "" };
  for await (const { id } of store.sessions(filter)) {
    const [name = "", ...rest] = id.split("/");
    const place = { thread: unescaped(name), namespace: rest.join("/") };
    if (namespace === undefined || namespace === place.namespace) yield place;
  }
}
