// How callers keep a store small. The work is loaded with its first use.
import type {
  ApplyOptions,
  RetentionOptions,
  RetentionPlan,
  RetentionPolicy,
  RetentionReport,
} from "../../base/retention.ts";
import type { StoreState } from "../state.ts";

export class Retention {
  readonly #store: StoreState;

  /** @internal */
  constructor(store: StoreState) {
    this.#store = store;
  }

  /**
   * What a policy would take, why, and the bytes; by default the policy that the store was opened with. Changes nothing. Times
   * are those of the sessions' lines, and none is later than now. Never in a plan: sessions that are pinned, that somebody
   * writes to, that another machine writes to as well, that cannot be read, and parents of which a child stays. A clock that
   * has leapt ahead by more than a year since the store was used ages nothing; the plan says so (`doubt`).
   */
  async plan(policy?: RetentionPolicy, options: RetentionOptions = {}): Promise<RetentionPlan> {
    return await this.#store.track(async () => {
      const { planRetention } = await import("../space.ts");
      return await planRetention(this.#store, policy, options);
    });
  }

  /**
   * Does what a plan says, the oldest first. Each session is looked at again: one that was written to, pinned or got a child
   * since stays, and is reported. What goes is deleted as by delete(): it lies in the trash until its restore window ends,
   * compared with what it was, and restore() brings it back. For each an `evicted` event, and a line in trash/.evictions.jsonl.
   */
  async apply(plan: RetentionPlan, options: ApplyOptions = {}): Promise<RetentionReport> {
    return await this.#store.track(async () => {
      const { applyRetention } = await import("../space.ts");
      return await applyRetention(this.#store, plan, options);
    });
  }
}
