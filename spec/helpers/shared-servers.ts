// What all spec files of a run share: the process that runs them starts a server with the first question for it, which comes
// by a socket, and stops it in the end. Where nobody asks, there is a socket and nothing else.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "./servers.ts";

const SOCKET = "TURNLOG_TEST_SERVERS";

type Name = "postgres" | "mariadb";

/** What vitest calls before all specs. -> what it calls after them */
export default async function setup(): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), "turnlog-servers-"));
  const path = join(directory, "socket");
  const started = new Map<Name, Promise<Server>>();
  const start = async (name: Name): Promise<Server> => {
    const { KINDS } = await import("./servers.ts");
    const { ServerProcess } = await import("./server-process.ts");
    return await ServerProcess.start(KINDS[name]());
  };
  const listener = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (asked) => {
      const name = String(asked) as Name;
      const server = started.get(name) ?? start(name);
      started.set(name, server);
      server.then(
        ({ url }) => socket.end(url),
        (error: unknown) => socket.end(`failed: ${String(error)}`),
      );
    });
  });
  listener.listen(path);
  await once(listener, "listening");
  process.env[SOCKET] = path;
  return async () => {
    listener.close();
    for (const server of await Promise.allSettled(started.values()))
      if (server.status === "fulfilled") await server.value.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}

/** The address of the server of this kind that this run has. */
export async function askForServer(name: Name): Promise<string> {
  const path = process.env[SOCKET];
  if (path === undefined) throw new Error(`${SOCKET} is not set: specs of servers run with spec/vitest.config.ts`);
  const socket = connect(path).setEncoding("utf8");
  socket.write(name);
  let answer = "";
  for await (const piece of socket) answer += String(piece);
  if (!/^\w+:\/\//.test(answer)) throw new Error(answer);
  return answer;
}
