// proper-lockfile, without what it does to the process. Loaded with the first lease; the imports are evaluated in this
// order and in one go, so that nobody sees what is between.
import { putBack, threadId } from "./lease-guest.ts";
import lockfile from "proper-lockfile";

putBack();

export { threadId };
export const lockSync: typeof lockfile.lockSync = lockfile.lockSync;
