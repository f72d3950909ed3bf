// proper-lockfile, without what it does to the process. Loaded with the first lease; the imports are evaluated in this
// order and in one go, so that nobody sees what is between. With node:worker_threads Node itself puts another
// process.chdir in place, which stays.
import { threadId } from "node:worker_threads";
import { putBack } from "./lease-guest.ts";
import lockfile from "proper-lockfile";

putBack();

export { threadId };
export const lockSync: typeof lockfile.lockSync = lockfile.lockSync;
