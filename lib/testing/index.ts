// The conformance suite: what holds of every store that has turnlog's interface. It needs no test runner.
import { append } from "./append.ts";
import { attachments } from "./attachments.ts";
import { branches } from "./branches.ts";
import type { Case } from "./case.ts";
import { commit, truncate } from "./change.ts";
import { following } from "./follow.ts";
import { closing, handles } from "./handles.ts";
import { health, purging } from "./health.ts";
import { put } from "./put.ts";
import { paging, reading } from "./read.ts";
import { search } from "./search.ts";
import { sessions, titles } from "./sessions.ts";
import { archive, deletion, retention } from "./space.ts";
import { data } from "./text.ts";
import { merging, transfer } from "./transfer.ts";
import { update } from "./update.ts";

export type { Backend, TestedCommit, TestedSession, TestedStore } from "./backend.ts";
export type { Case } from "./case.ts";

/** All cases, in the order of their groups. Each is for itself: in any order, and several at once. */
export function conformance(): Case[] {
  return [
    ...append,
    ...put,
    ...update,
    ...truncate,
    ...commit,
    ...branches,
    ...reading,
    ...paging,
    ...sessions,
    ...titles,
    ...search,
    ...following,
    ...deletion,
    ...retention,
    ...archive,
    ...transfer,
    ...merging,
    ...health,
    ...purging,
    ...attachments,
    ...data,
    ...handles,
    ...closing,
  ];
}
