// `turnlog/opencode`: what opencode keeps of its sessions (its shapes as of @opencode-ai/sdk 1.19): sessions, messages and parts, each
// written as it changes. A session is a session, a message a message with its parts.
export { opencodeStorage } from "./opencode/storage.ts";
export type * from "./opencode/types.ts";
