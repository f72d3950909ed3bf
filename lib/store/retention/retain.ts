// Keeps a retention policy without being asked.
import type { RetentionPolicy } from "../../base/retention.ts";
import { applyRetention } from "./retention-apply.ts";
import { planRetention } from "./retention-plan.ts";
import type { StoreState } from "../state.ts";

export async function retain(store: StoreState, policy: RetentionPolicy, signal: AbortSignal): Promise<void> {
  const plan = await planRetention(store, policy, { signal }, true);
  if (plan.items.length > 0) await applyRetention(store, plan, { signal }, true);
}
