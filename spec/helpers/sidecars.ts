// Sessions whose sidecars are written, and believed.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { openStore } from "../../lib/index.ts";
import { filesIn } from "./stores.ts";

/** The session that these specs are about. */
export const ID = "s";

/** A session of about 400 KB that was saved, so long ago that its times tell. -> its directory */
export async function saved(directory: string, count = 400): Promise<string> {
  const store = await openStore<any, any>(directory);
  const session = store.session(ID, { create: true });
  for (let n = 0; n < count; n++) await session.append({ id: `m${n}`, n, text: "x".repeat(1000) });
  for (let n = 0; n < count; n += 7) await session.putPart(`m${n}`, { id: "p", n });
  await session.remove("m5");
  await session.update({ title: "saved" });
  await store.close();
  await settle(directory);
  return directory;
}

/** After this the sidecar is believed by the times of its log. */
export async function settle(directory: string): Promise<void> {
  await sleep(120);
  const store = await openStore<any, any>(directory);
  await store.session(ID).count();
  await store.close();
}

/** The only sidecar in a store. */
export function sidecarOf(directory: string): string | undefined {
  return filesIn(join(directory, ".cache", "offsets"))[0];
}

/** Waits for what the background does. */
export async function until(isDone: () => boolean): Promise<void> {
  for (let waited = 0; waited < 20_000 && !isDone(); waited += 20) await sleep(20);
  expect(isDone()).toBe(true);
}
