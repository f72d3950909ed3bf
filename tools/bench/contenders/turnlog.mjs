// The library, as anyone would use it.
import { openStore } from "../../../dist/lib/index.js";
import { GROWING, messageId } from "./contender.mjs";

export const title = "turnlog";

/** @type {import("./contender.mjs").Contender["open"]} */
export async function open(directory, { durability }) {
  const store = await openStore(directory, { durability });
  return {
    session(id) {
      const session = store.session(id, { create: true });
      let hasMessage = false;
      return {
        append: (message) => session.append(message),
        appendAll: (messages) => session.append(messages),
        async putText(text, isFinal) {
          if (!hasMessage) await session.putMessage({ id: GROWING.message, role: "assistant" });
          hasMessage = true;
          await session.putPart(GROWING.message, { id: GROWING.part, type: "text", text }, { final: isFinal });
        },
        async last(count) {
          const found = [];
          for await (const { data } of session.messages({ last: count })) found.push(data);
          return found;
        },
        async page(first, count) {
          const { items } = await session.page({ limit: count, after: messageId(first - 1) });
          return items.map(({ data }) => data);
        },
        message: (number) => session.message(messageId(number)),
        async readAll() {
          let found = 0;
          for await (const { data } of session.messages()) if (typeof data === "object") found++;
          return found;
        },
      };
    },
    close: () => store.close(),
  };
}
