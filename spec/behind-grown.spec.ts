// Logs that grow, by whom ever: every answer of every store is that of a naive full scan.
import { obey } from "./helpers/laws.ts";
import { GROWN } from "./helpers/ways-grown.ts";

obey("logs", GROWN);
