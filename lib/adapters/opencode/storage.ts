// The storage: one verb of ours for one of theirs.
import type { Entry } from "../../base/entry.ts";
import type { SessionFilter } from "../../store/list/filter.ts";
import type { Store } from "../../store/store.ts";
import { ifThere, unlessCode } from "../unless-code.ts";
import { endInterrupted } from "./interrupted.ts";
import { infoOf, isGrowing, messageOf, partIn, partOf, patchOf, sessionOf } from "./shapes.ts";
import type {
  OpencodeMessage,
  OpencodePart,
  OpencodeSession,
  OpencodeSessionFilter,
  OpencodeStorage,
  OpencodeWithParts,
} from "./types.ts";

/** opencode's sessions in this store. Give the SDK's types as `S`, `M` and `P`. The caller opens and closes the store. */
export function opencodeStorage<
  S extends OpencodeSession = OpencodeSession,
  M extends OpencodeMessage = OpencodeMessage,
  P extends OpencodePart = OpencodePart,
>(store: Store): OpencodeStorage<S, M, P> {
  const withParts = (sessionID: string, entry: Entry): OpencodeWithParts<M, P> => ({
    info: infoOf(sessionID, entry) as unknown as M,
    parts: entry.parts.map(({ data }) => partIn(sessionID, entry.id, data) as unknown as P),
  });

  return {
    async writeSession(session) {
      await store.session(session.id, { create: true }).update(patchOf(session));
    },

    async writeMessage(message, parts = []) {
      await store.session(message.sessionID).commit((commit) => {
        commit.putMessage(messageOf(message));
        for (const part of parts) commit.putPart(message.id, partOf(part));
      });
    },

    async writePart(part) {
      await store.session(part.sessionID).putPart(part.messageID, partOf(part), { final: !isGrowing(part) });
    },

    endInterrupted: (sessionID) => endInterrupted(store.session(sessionID)),

    async readSession(id) {
      const info = await unlessCode("NOT_FOUND", store.session(id).info());
      return info && (sessionOf(info) as S | undefined);
    },

    async readMessage(sessionID, id) {
      const entry = await unlessCode("NOT_FOUND", store.session(sessionID).message(id));
      return entry && withParts(sessionID, entry);
    },

    async readPart(sessionID, messageID, id) {
      for await (const part of ifThere(store.session(sessionID).parts(messageID)))
        if (part.id === id) return partIn(sessionID, messageID, part.data) as unknown as P;
      return undefined;
    },

    async *sessionIDs(filter = {}) {
      for await (const { id } of store.sessions(filterOf(filter))) yield id;
    },

    messageIDs: (sessionID) => ifThere(store.session(sessionID).messageIds()),

    async *partIDs(sessionID, messageID) {
      for await (const { id } of ifThere(store.session(sessionID).parts(messageID))) yield id;
    },

    count: (filter = {}) => store.count(filterOf(filter)),

    async sessions({ limit, before, after, ...filter }) {
      const { items, ...cursors } = await store.page({ limit, before, after, ...filterOf(filter) });
      const infos = items.map((each) => ("damaged" in each ? undefined : sessionOf(each)));
      return { items: infos.filter((info) => info !== undefined) as S[], ...cursors };
    },

    async messages(sessionID, options) {
      const page = await unlessCode("NOT_FOUND", store.session(sessionID).page(options));
      const { items = [], previous, next } = page ?? {};
      return {
        items: items.map((entry) => withParts(sessionID, entry)),
        ...(previous !== undefined && { previous }),
        ...(next !== undefined && { next }),
      };
    },

    async removeSession(id) {
      await unlessCode("NOT_FOUND", store.session(id).delete({ children: true }));
    },

    async removeMessage(sessionID, id) {
      await unlessCode("NOT_FOUND", store.session(sessionID).remove(id));
    },

    async removePart(sessionID, messageID, id) {
      await unlessCode("NOT_FOUND", store.session(sessionID).remove(messageID, id));
    },
  };
}

function filterOf({ projectID, parentID }: OpencodeSessionFilter): SessionFilter {
  return { project: projectID, ...(parentID === undefined ? { all: true } : { parent: parentID }) };
}
