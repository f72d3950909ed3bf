// What must stay of a session when its content goes: the tree's lines and the tombstones, so that no sync, import or merge
// revives it.

export const STUB_TYPES: ReadonlySet<string> = new Set([
  "session",
  "open",
  "head",
  "truncate",
  "remove",
  "purge",
  "delete",
  "restore",
]);
