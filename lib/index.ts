export { openMemoryStore, openStore } from "./open.ts";
export type { AdoptOptions, AdoptReport } from "./base/adopt.ts";
export type { BlobMode, BlobReference, StoredBlob } from "./base/blob.ts";
export { ArgumentError, StoreError } from "./base/errors.ts";
export type { ArgumentErrorCode, LeaseHolder, StoreErrorCode, Written } from "./base/errors.ts";
export type { CopyOptions, CopyProblem, CopyProgress, CopyReport } from "./base/copy.ts";
export type { ChangeKind, SessionChange, StoreChange } from "./base/change.ts";
export type { Branch, Entry, Page, Part, Receipt } from "./base/entry.ts";
export type {
  ExportFormat,
  ExportOptions,
  ExportProblem,
  ExportProgress,
  ExportReport,
  ExportTarget,
} from "./base/export.ts";
export type {
  ImportedSession,
  ImportOptions,
  ImportProblem,
  ImportProgress,
  ImportReport,
  ImportRequest,
  ImportSource,
} from "./base/import.ts";
export type { HealedLog, MergeOptions, MergeProblem, MergeProgress, MergeReport } from "./base/merge.ts";
export type { Durability, Redact, RedactContext, StoreOptions, WellFormed } from "./base/options.ts";
export type { PurgeReport } from "./base/purge.ts";
export type {
  ApplyOptions,
  EvictedSession,
  RetentionItem,
  RetentionObstacle,
  RetentionOptions,
  RetentionPlan,
  RetentionPolicy,
  RetentionReason,
  RetentionReport,
  SkippedSession,
} from "./base/retention.ts";
export type { DamagedSession, SessionInfo, SessionPatch } from "./base/session-info.ts";
export type {
  BlobCollection,
  CompactOptions,
  CompactProgress,
  CompactResult,
  StoreCompactOptions,
  StoreCompactResult,
} from "./base/compaction.ts";
export type { SessionStats, TypeStats } from "./base/session-stats.ts";
export type {
  LargeSession,
  LinesUsed,
  MachineUsed,
  MonthUsed,
  SessionsUsed,
  SpaceUsed,
  StoreStats,
  StoreStatsOptions,
} from "./base/store-stats.ts";
export type { EmptyTrashOptions, EmptyTrashReport, TrashedSession, TrashOptions } from "./base/trash.ts";
export type {
  RepairAction,
  RepairKind,
  RepairOptions,
  RepairReport,
  VerifyCode,
  VerifyOptions,
  VerifyProblem,
  VerifyProgress,
  VerifySeverity,
} from "./base/verify.ts";
export type { CommitBuilder } from "./store/write/commit-builder.ts";
export type { CreateSessionOptions } from "./store/write/create-session.ts";
export type { DeleteOptions } from "./store/space/delete.ts";
export type { StoreEvents, StoreWarning, WarningCode } from "./store/events.ts";
export type { FollowOptions } from "./store/read/follow.ts";
export type { ForkOptions } from "./store/write/fork.ts";
export type { BlobOptions } from "./store/blobs/give.ts";
export type { TitleSearchOptions } from "./indexes/titles/search.ts";
export type { TitleHit } from "./indexes/titles/title.ts";
export type { SessionFilter } from "./store/list/filter.ts";
export type { SessionPage, SessionPageOptions } from "./store/list/list.ts";
export type { TruncateRange } from "./store/write/operations.ts";
export type { PageOptions } from "./store/read/page.ts";
export type { PutPartOptions } from "./store/write/part-streams.ts";
export type { ReadOptions } from "./store/read/read.ts";
export type { SearchHit, SearchOptions, SearchProgress } from "./store/search/search-options.ts";
export type { Retention } from "./store/retention/retention.ts";
export type { Session, SessionOptions } from "./store/session.ts";
export type { Store } from "./store/store.ts";
export type { WatchOptions } from "./store/list/watch.ts";
