// What an open store can do by rooms that this one cannot see.
import type { ExportOptions, ExportReport, ExportTarget } from "../base/export.ts";
import type { ImportOptions, ImportReport, ImportSource } from "../base/import.ts";
import type { StoreState } from "./state.ts";

/** Rooms that see this one, and that this one cannot see: whoever opens a store knows both. */
export interface Rooms {
  importFrom(store: StoreState, source: ImportSource | "auto" | "all", options: ImportOptions): Promise<ImportReport>;
  exportTo(store: StoreState, target: ExportTarget, options: ExportOptions): Promise<ExportReport>;
}
