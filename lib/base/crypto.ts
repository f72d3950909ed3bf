// node:crypto takes 4 ms to load, which neither an import of the package nor a listing is to wait for: it comes with its
// first use. An import declaration would load it at once, and every part of it.
import type nodeCrypto from "node:crypto";

/** node:crypto. */
export function crypto(): typeof nodeCrypto {
  return process.getBuiltinModule("node:crypto");
}
