// `turnlog/openai-agents`: a Session of the OpenAI Agents SDK (@openai/agents-core 0.20.0), with its rewrites and transactions. An item is a
// message. The SDK is not imported: what it needs is told by its shape.
export { openAISession } from "./openai-agents/session.ts";
export type * from "./openai-agents/types.ts";
