// Attachments come with the logs that name them.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Session } from "../lib/index.ts";
import { filled, idsIn, PDF } from "./helpers/merging.ts";
import { filesIn, logPath, useStores } from "./helpers/stores.ts";

const stores = useStores();

describe("attachments", () => {
  test("come with the logs that name them, each once, and to a copy that lacks them", async () => {
    const one = await filled(stores);
    await one.session("s").append([
      { id: "x", url: PDF },
      { id: "y", url: PDF },
    ]);
    const two = await stores.open();
    const bytes = Buffer.from(PDF.split(",")[1] as string, "base64").length;
    expect((await two.merge(one.path)).attachments).toEqual({ count: 1, bytes });
    expect(await two.session("s").message("x")).toMatchObject({ data: { url: PDF } });
    rmSync(join(two.path, "blobs"), { recursive: true });
    expect(await two.merge(one.path)).toMatchObject({ lines: 0, attachments: { count: 1 } });
    expect(await two.session("s").message("y")).toMatchObject({ data: { url: PDF } });
  });

  test("that are not what their names say are told, and not taken", async () => {
    const one = await stores.open({}, stores.unverified());
    const session: Session<any, any> = await one.createSession({ id: "s" });
    await session.append({ id: "x", url: PDF });
    const blob = filesIn(join(one.path, "blobs"))[0] as string;
    writeFileSync(blob, "another");
    const two = await stores.open({}, stores.unverified());
    const { problems, attachments } = await two.merge(one.path);
    expect(attachments.count).toBe(0);
    expect(problems.map(({ path }) => path)).toEqual([blob, logPath(one, "s")]);
    expect(filesIn(join(two.path, "blobs"))).toEqual([]);
    expect(await idsIn(two)).toEqual(["x"]);
    renameSync(blob, `${blob}x`);
  });
});
