// `turnlog/claude-agent-sdk`: a SessionStore of the Claude Agent SDK (its types as of 0.3.330). A transcript is a session, a
// subagent's is a child of it, an entry is a message. The SDK is not imported: what it needs is told by its shape.
export { claudeSessionStore } from "./claude-agent-sdk/session-store.ts";
export type * from "./claude-agent-sdk/types.ts";
