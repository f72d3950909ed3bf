// Work that gives way between its steps, done at once.

/** -> what the generator returns */
export function finish<T>(work: Generator<unknown, T>): T {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}
