// What a session is called that nobody has given a title.

const TITLE_CHARACTERS = 100;

let segmenter: Intl.Segmenter | undefined;

/** The first line of what was asked, as a title. */
export function titleOf(prompt: string | undefined): string | undefined {
  const line = prompt?.trim().split("\n", 1)[0]?.trim();
  if (!line) return undefined;
  if (line.length <= TITLE_CHARACTERS) return line;
  // Characters are told apart slowly: no more of them than are needed.
  segmenter ??= new Intl.Segmenter();
  let number = 0;
  let cut = 0;
  for (const { index } of segmenter.segment(line)) {
    if (++number === TITLE_CHARACTERS) cut = index;
    else if (number > TITLE_CHARACTERS) return `${line.slice(0, cut)}…`;
  }
  return line;
}
