// A cache that is anything: indexes are believed only where they fit.
import { obey } from "./helpers/laws.ts";
import { CACHE } from "./helpers/ways-cache.ts";

obey("indexes", CACHE, 2);
