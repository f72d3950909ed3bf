// Of two lines with one stamp one counts: a purged one before others, then a sound one, then the one of the greater bytes.

export function rankOf(isPurged: boolean, isSound: boolean): number {
  return (isPurged ? 2 : 0) + (isSound ? 1 : 0);
}
