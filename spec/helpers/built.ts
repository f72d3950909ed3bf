// Modules of the source that processes of their own need, and that no entry point of the package leads to.
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Builds modules (`lib/disk/leases.ts`) into a directory below this one. -> the URL of each */
export async function built(directory: string, ...paths: readonly string[]): Promise<string[]> {
  const input = Object.fromEntries(paths.map((path, index) => [`module${index}`, join(root, path)]));
  const bundle = await rolldown({
    input,
    platform: "node",
    plugins: [
      {
        name: "packages",
        // Found from here: there is no node_modules beside what is built.
        resolveId: (id) => (/^[^./]/.test(id) ? { id: import.meta.resolve(id), external: true } : undefined),
      },
    ],
  });
  await bundle.write({ dir: directory, codeSplitting: { groups: [{ name: "guest", test: /lease-guest\.ts$/ }] } });
  await bundle.close();
  return paths.map((_, index) => pathToFileURL(join(directory, `module${index}.js`)).href);
}
