// What the suite asks of a store, and of whoever has one to be tried: the public interface without its classes, so that another
// implementation of it fits, and without what only a store in files has.
import type { CommitBuilder, ForkOptions, Receipt, RetentionPolicy, Session, Store, StoreOptions } from "../index.ts";
import type { ApplyOptions, CreateSessionOptions, RetentionPlan, RetentionReport, SessionOptions } from "../index.ts";

type Every<T> = Pick<T, keyof T>;
type AnySession = Every<Session<any, any>>;
type AnyStore = Every<Store<any, any>>;

/** What `commit()` gives to its function. */
export type TestedCommit = Pick<
  CommitBuilder<any, any>,
  "append" | "putMessage" | "putPart" | "remove" | "update" | "truncate" | "clear"
>;

/** A session's handle. */
export interface TestedSession extends Omit<AnySession, "append" | "breakLease" | "commit" | "fork"> {
  append(messages: readonly object[]): Promise<Receipt[]>;
  append(message: object): Promise<Receipt>;
  commit<T>(build: (commit: TestedCommit) => T, options?: { expect?: string | undefined }): Promise<T>;
  fork(options?: ForkOptions): Promise<TestedSession>;
}

/** A store. A session's `machines` and what `stats()` says of files are not looked at. */
export interface TestedStore extends Omit<
  AnyStore,
  "adopt" | "createSession" | "machine" | "machines" | "path" | "repair" | "retention" | "session"
> {
  readonly retention: {
    plan(policy?: RetentionPolicy): Promise<RetentionPlan>;
    apply(plan: RetentionPlan, options?: ApplyOptions): Promise<RetentionReport>;
  };
  createSession(options?: CreateSessionOptions): Promise<TestedSession>;
  session(id: string, options?: SessionOptions): TestedSession;
}

/** How the suite gets stores of the kind that is tried. The suite closes what it opened; what is left behind is yours to remove. */
export interface Backend {
  /** Makes an empty store, another one each time, and opens it. A case may ask for several. */
  create(options?: StoreOptions): Promise<TestedStore>;
  /**
   * Opens the store of this handle once more, whether the handle is closed or still in use, as another process would. Leave it
   * out where a store goes with its handle: then leave out the cases that `reopens`, too.
   */
  reopen?(store: TestedStore, options?: StoreOptions): Promise<TestedStore>;
  /**
   * True if this text stands anywhere in what the store keeps: files, tables, indexes. Without it a purge is asked by the store's
   * own answers alone.
   */
  holds?(store: TestedStore, text: string): Promise<boolean>;
}
