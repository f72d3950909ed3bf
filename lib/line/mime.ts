// What kind of file an attachment is: so that it has the ending by which people and programs know it.

/** The endings of types; what is not here has none. */
const ENDINGS: ReadonlyMap<string, string> = new Map([
  ["application/pdf", "pdf"],
  ["application/zip", "zip"],
  ["application/gzip", "gz"],
  ["application/json", "json"],
  ["application/xml", "xml"],
  ["application/rtf", "rtf"],
  ["application/msword", "doc"],
  ["application/vnd.ms-excel", "xls"],
  ["application/vnd.ms-powerpoint", "ppt"],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"],
  ["application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"],
  ["audio/mpeg", "mp3"],
  ["audio/mp3", "mp3"],
  ["audio/mp4", "m4a"],
  ["audio/ogg", "ogg"],
  ["audio/wav", "wav"],
  ["audio/x-wav", "wav"],
  ["audio/webm", "webm"],
  ["audio/flac", "flac"],
  ["image/avif", "avif"],
  ["image/bmp", "bmp"],
  ["image/gif", "gif"],
  ["image/heic", "heic"],
  ["image/jpeg", "jpg"],
  ["image/jpg", "jpg"],
  ["image/png", "png"],
  ["image/svg+xml", "svg"],
  ["image/tiff", "tiff"],
  ["image/webp", "webp"],
  ["text/csv", "csv"],
  ["text/html", "html"],
  ["text/markdown", "md"],
  ["text/plain", "txt"],
  ["text/xml", "xml"],
  ["video/mp4", "mp4"],
  ["video/quicktime", "mov"],
  ["video/webm", "webm"],
]);

/** How files of a type begin: [offset, bytes] in latin1, all of them. */
const BEGINNINGS: readonly (readonly [mime: string, ...(readonly [offset: number, bytes: string])[]])[] = [
  ["application/pdf", [0, "%PDF-"]],
  ["image/png", [0, "\x89PNG\r\n\x1a\n"]],
  ["image/jpeg", [0, "\xff\xd8\xff"]],
  ["image/gif", [0, "GIF8"]],
  ["image/webp", [0, "RIFF"], [8, "WEBP"]],
  ["audio/wav", [0, "RIFF"], [8, "WAVE"]],
  ["image/avif", [4, "ftypavif"]],
  ["image/heic", [4, "ftypheic"]],
  ["video/quicktime", [4, "ftypqt"]],
  ["video/mp4", [4, "ftyp"]],
  ["video/webm", [0, "\x1a\x45\xdf\xa3"]],
  ["audio/mpeg", [0, "ID3"]],
  ["audio/ogg", [0, "OggS"]],
  ["audio/flac", [0, "fLaC"]],
  ["image/tiff", [0, "II*\0"]],
  ["image/tiff", [0, "MM\0*"]],
  ["application/zip", [0, "PK\x03\x04"]],
  ["application/gzip", [0, "\x1f\x8b\x08"]],
];
const MOST_BEGINNING = 16;

/** The type that a content's first bytes show. */
export function mimeOf(content: Buffer): string | undefined {
  const text = content.toString("latin1", 0, MOST_BEGINNING);
  return BEGINNINGS.find(([, ...places]) => places.every(([at, bytes]) => text.startsWith(bytes, at)))?.[0];
}

/** The ending of a type's files, with its dot; empty: none is known. */
export function endingOf(mime: string | undefined): string {
  const ending = mime === undefined ? undefined : ENDINGS.get(mime);
  return ending === undefined ? "" : `.${ending}`;
}
