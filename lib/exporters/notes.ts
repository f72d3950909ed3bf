// Pieces of messages for formats that have no place for them.
import { isObject } from "../base/object.ts";
import type { Block } from "./content.ts";
import { mediaBytes } from "./content.ts";
import { sizeText } from "./lines.ts";

/** In words. */
export function noteOf(block: Block): string {
  switch (block.kind) {
    case "text":
    case "reasoning":
      return block.text.trim() === "" ? "" : block.text;
    case "call":
      return `[${block.name}] ${JSON.stringify(block.input) ?? ""}`;
    case "result":
      return block.content.map(noteOf).join("\n");
    case "image":
    case "file": {
      const { mime, name, url } = block.media;
      const bytes = mediaBytes(block.media);
      const facts = [name, mime, bytes === undefined ? undefined : sizeText(bytes), url];
      return `[${[block.kind, ...facts.filter((fact) => fact !== undefined)].join(", ")}]`;
    }
    default:
      return JSON.stringify(block.value) ?? "";
  }
}

/** What a tool was given, as the object that it must be. */
export function inputObject(input: unknown): object {
  if (isObject(input)) return input;
  if (typeof input === "string") {
    try {
      const value: unknown = JSON.parse(input);
      if (isObject(value)) return value;
    } catch {
      // A patch, a command.
    }
  }
  return input === undefined || input === null || input === "" ? {} : { input };
}
