// `turnlog/langgraph`: a checkpointer of LangGraph (@langchain/langgraph-checkpoint 1.2.2). A thread is a session, what a subgraph
// keeps in it is a child of that. A checkpoint is a message, with what its tasks wrote as its parts; a channel's value is a message
// of its own, named by its content: a checkpoint writes just the values that are new in the session.
export { langGraphSaver } from "./langgraph/saver.ts";
