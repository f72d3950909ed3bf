// The database of sessions, with the addon loaded, as turnlog's modules are.
import Database from "better-sqlite3";

export { listing } from "./list-sqlite-lazy.mjs";

new Database(":memory:").close();
