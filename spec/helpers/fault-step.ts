// One thing that a store can be asked to do in the fault and crash specs, and how steps are made.
import type { Durability } from "../../lib/base/options.ts";
import type { Vfs } from "../../lib/disk/vfs.ts";
import type { Session, Store } from "../../lib/index.ts";
import type { Model, ModelMessage, ModelSession } from "./fault-model.ts";

/** What a step runs in. */
export interface Context {
  readonly vfs: Vfs;
  readonly root: string;
  readonly durability: Durability;
  /** What is there before the step. */
  readonly expected: Model;
}

export interface Step<T = any> {
  readonly name: string;
  /** Done before anything fails; `prepared` tells what it makes of the model. */
  readonly prepare?: (context: Context) => Promise<T>;
  readonly prepared?: (model: Model) => Model;
  readonly run: (store: Store<any, any>, context: Context, prepared: T) => Promise<unknown>;
  readonly apply: (model: Model) => Model;
  /** All of it is one commit: an error that does not say what became of it has written nothing. */
  readonly isCommit: boolean;
  /** Its operations are those of other steps: they fail in the long form. */
  readonly isLong?: true;
  /** What no file has any more when it is done. */
  readonly erases?: readonly string[];
}

/** The session that most steps are about. */
export const s = (store: Store<any, any>): Session<any, any> => store.session("s");

export function commit(name: string, run: Step["run"], apply: Step["apply"]): Step {
  return { name, run, apply, isCommit: true };
}

export function onS(change: (messages: readonly ModelMessage[]) => readonly ModelMessage[]): Step["apply"] {
  return (model) => {
    const session = model["s"] as ModelSession;
    return { ...model, s: { ...session, messages: change(session.messages) } };
  };
}

export function without(id: string): Step["apply"] {
  return (model) => Object.fromEntries(Object.entries(model).filter(([key]) => key !== id));
}
