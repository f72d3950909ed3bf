// What is needed where somebody looks after a store's space, and not where sessions are read and written: it is loaded with its
// first use, all of it as one file.
export { adopt } from "./machines/adopt.ts";
export { collectBlobs } from "./blobs/blob-collect.ts";
export { compactSession, nothingDone } from "./space/compact.ts";
export { compactStore } from "./space/compact-store.ts";
export { eraseOwed, findOwed } from "./space/erase-owed.ts";
export { purgeMessages, purgeSession } from "./space/purge.ts";
export { retain } from "./retention/retain.ts";
export { applyRetention } from "./retention/retention-apply.ts";
export { planRetention } from "./retention/retention-plan.ts";
export { storeStats } from "./space/store-stats.ts";
export { emptyTrash, expireTrash, trash } from "./space/trash.ts";
