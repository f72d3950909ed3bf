// What is needed where somebody looks after a store's space, and not where sessions are read and written: it is loaded with its
// first use, all of it as one file.
export { adopt } from "./adopt.ts";
export { collectBlobs } from "./blob-collect.ts";
export { compactSession, nothingDone } from "./compact.ts";
export { compactStore } from "./compact-store.ts";
export { eraseOwed, findOwed } from "./erase-owed.ts";
export { purgeMessages, purgeSession } from "./purge.ts";
export { retain } from "./retain.ts";
export { applyRetention } from "./retention-apply.ts";
export { planRetention } from "./retention-plan.ts";
export { storeStats } from "./store-stats.ts";
export { emptyTrash, expireTrash, trash } from "./trash.ts";
