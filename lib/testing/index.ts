// The conformance suite: what holds of every store that has turnlog's interface. It needs no test runner.
import { append } from "./append.ts";
import { branches } from "./branches.ts";
import type { Case } from "./case.ts";
import { commit, truncate } from "./change.ts";
import { put } from "./put.ts";
import { paging, reading } from "./read.ts";
import { update } from "./update.ts";

export type { Backend, TestedCommit, TestedSession, TestedStore } from "./backend.ts";
export type { Case } from "./case.ts";

/** All cases, in the order of their groups. Each is for itself: in any order, and several at once. */
export function conformance(): Case[] {
  return [...append, ...put, ...update, ...truncate, ...commit, ...branches, ...reading, ...paging];
}
