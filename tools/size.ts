// Bytes for people.

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;
const STEP = 1024;
const BAR = "█";
const REST = "░";
const BAR_WIDTH = 24;

/** `1.5 MB`; a KB has 1,024 bytes. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** As long as the part that `bytes` are of `most`; what is not nothing has at least one mark. */
export function bar(bytes: number, most: number): string {
  if (bytes <= 0 || most <= 0) return "";
  return BAR.repeat(Math.max(1, Math.round((bytes / most) * BAR_WIDTH)));
}

/** How much of a whole is done, in so many marks. The last one comes with the end. */
export function meter(part: number, whole: number, width: number): string {
  const marks = Math.max(0, Math.min(width, Math.floor((part / whole) * width)));
  return BAR.repeat(marks) + REST.repeat(width - marks);
}
