// Builds the code of the package; tsc has made its types before this. A program that imports turnlog waits for each
// module that is looked up and read, some 0.7 ms for one: so all that the import needs is in one file, and what only a
// later import() needs is in files of its own.
import { rolldown } from "rolldown";

const LIBRARY = "lib/index.ts";
/** What programs can import, the command line among them. */
const ENTRIES = {
  index: LIBRARY,
  content: "lib/content.ts",
  testing: "lib/testing/index.ts",
  sql: "lib/sql.ts",
  ...Object.fromEntries(
    ["ai-sdk", "claude-agent-sdk", "langgraph", "openai-agents", "opencode", "picoclaw"].map((name) => [
      `adapters/${name}`,
      `lib/adapters/${name}.ts`,
    ]),
  ),
};

await build("lib", ENTRIES);
await build("tools", { cli: "tools/cli.ts", start: "tools/start.ts" });

/**
 * @param {string} room
 * @param {Record<string, string>} input
 */
async function build(room, input) {
  /** @type {Map<string, readonly string[]>} What each module imports, import() not counted. */
  const imports = new Map();
  const bundle = await rolldown({
    input,
    platform: "node",
    treeshake: { moduleSideEffects: false },
    plugins: [
      {
        name: "rooms",
        resolveId(id, _importer, { isEntry }) {
          if (isEntry) return undefined;
          if (!id.startsWith(".")) return { id, external: true };
          // Packages are imported, and so is the library by the tools, as any program does.
          const entry = Object.entries(ENTRIES).find(([, path]) => id.endsWith(`/${path}`));
          return entry && { id: `../lib/${entry[0]}.js`, external: true };
        },
        moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds),
      },
    ],
  });
  /** @type {Set<string> | undefined} */
  let first;
  await bundle.write({
    dir: `dist/${room}`,
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    sourcemap: true,
    codeSplitting: {
      groups: [
        { name: "library", test: (id) => (first ??= reachable(imports, LIBRARY)).has(id) },
        // It looks how things stand before a package that its importer imports after it changes them.
        { name: "guest", test: /lease-guest\.ts$/ },
      ],
    },
  });
  await bundle.close();
}

/**
 * The module whose path ends so, and all that it imports.
 * @param {ReadonlyMap<string, readonly string[]>} imports
 * @param {string} ending
 */
function reachable(imports, ending) {
  const found = new Set([...imports.keys()].filter((id) => id.endsWith(ending)));
  for (const id of found) for (const imported of imports.get(id) ?? []) found.add(imported);
  return found;
}
