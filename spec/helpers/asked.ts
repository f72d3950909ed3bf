// One way to ask a store of this process, or of another one: by the name of a method. What it gives comes as JSON would
// have it, and an error as its code, so that the answers of any two stores can be compared.
import { ArgumentError, StoreError } from "../../lib/index.ts";
import type { Store, StoreOptions } from "../../lib/index.ts";
import { run } from "./processes.ts";
import type { Child } from "./processes.ts";
import { collect } from "./stores.ts";

export interface Asked {
  readonly name: string;
  /** Calls a method of the store, or, with an id, of that session of it. */
  ask(session: string | undefined, call: string, ...args: unknown[]): Promise<any>;
}

export function askHere(store: Store<any, any>, name: string): Asked {
  return {
    name,
    async ask(session, call, ...args) {
      try {
        const target: any = session === undefined ? store : store.session(session, { create: call === "append" });
        const given = target[call](...args);
        return plain(Symbol.asyncIterator in given ? await collect(given) : await given);
      } catch (error) {
        const isTyped = error instanceof StoreError || error instanceof ArgumentError;
        return { error: isTyped ? error.code : String(error) };
      }
    },
  };
}

/** A store that another process has open, the same process for any number of stores, one after the other. */
export class Elsewhere implements Asked {
  readonly name = "another process's store";
  readonly #child: Child = run(`
    import { createInterface } from "node:readline";
    let store;
    const answer = async (session, call, args) => {
      if (call === "open") {
        // One that was forgotten would go on looking into a store that is removed.
        await store?.close();
        store = await turnlog.openStore(...args);
        return undefined;
      }
      const target = session === null ? store : store.session(session, { create: call === "append" });
      const given = target[call](...args);
      if (given?.[Symbol.asyncIterator] === undefined) return await given;
      const all = [];
      for await (const each of given) all.push(each);
      return all;
    };
    for await (const line of createInterface({ input: process.stdin })) {
      const { session, call, args } = JSON.parse(line);
      let said;
      try {
        said = { value: await answer(session, call, args) };
      } catch (error) {
        const isTyped = error instanceof turnlog.StoreError || error instanceof turnlog.ArgumentError;
        said = { value: { error: isTyped ? error.code : String(error.stack) } };
      }
      // What was done is settled when its turn of the event loop is over.
      await new Promise((resolve) => setImmediate(resolve));
      say(JSON.stringify(said));
    }`);

  async ask(session: string | undefined, call: string, ...args: unknown[]): Promise<any> {
    this.#child.process.stdin?.write(`${JSON.stringify({ session: session ?? null, call, args })}\n`);
    const { value, done } = await this.#child.lines.next();
    if (done === true) throw new Error(`the other process has ended: ${await this.#child.ended}`);
    return JSON.parse(value).value;
  }

  async open(directory: string, options: StoreOptions = {}): Promise<void> {
    const answer = await this.ask(undefined, "open", directory, options);
    if (answer?.error !== undefined) throw new Error(`the other process could not open ${directory}: ${answer.error}`);
  }

  async end(): Promise<void> {
    this.#child.process.stdin?.end();
    await this.#child.ended;
  }
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
