import type { RetentionPolicy } from "../base/retention.ts";
import type { StoreState } from "./state.ts";
export async function retain(_store: StoreState, _policy: RetentionPolicy, _signal: AbortSignal): Promise<void> {}
