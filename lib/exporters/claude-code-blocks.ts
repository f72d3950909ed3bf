// Pieces of messages as Anthropic's blocks, which Claude Code keeps.
import type { Block } from "./content.ts";
import type { Media } from "./media.ts";
import { noteOf } from "./notes.ts";

const PICTURES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/** Undefined: the model would refuse it, or make nothing of it. */
export function contentBlock(block: Block, isAssistant: boolean): object | undefined {
  switch (block.kind) {
    case "text":
      return block.text.trim() === "" ? undefined : { type: "text", text: block.text };
    case "reasoning":
      // What has no proof of who thought it is refused.
      return isAssistant && block.signature !== undefined
        ? { type: "thinking", thinking: block.text, signature: block.signature }
        : undefined;
    case "image":
      return pictureBlock(block.media) ?? { type: "text", text: noteOf(block) };
    case "file":
      return documentBlock(block.media, block.text) ?? { type: "text", text: noteOf(block) };
    default:
      return undefined;
  }
}

function pictureBlock({ mime, base64, url }: Media): object | undefined {
  if (base64 !== undefined && mime !== undefined && PICTURES.has(mime))
    return { type: "image", source: { type: "base64", media_type: mime, data: base64 } };
  if (url !== undefined && /^https?:\/\//.test(url)) return { type: "image", source: { type: "url", url } };
  return undefined;
}

function documentBlock({ mime, base64, name }: Media, text: string | undefined): object | undefined {
  const title = name === undefined ? {} : { title: name };
  if (text !== undefined)
    return { type: "document", source: { type: "text", media_type: "text/plain", data: text }, ...title };
  if (base64 === undefined || mime !== "application/pdf") return undefined;
  return { type: "document", source: { type: "base64", media_type: mime, data: base64 }, ...title };
}
