// What a session is called that nobody has given a title.

const TITLE_CHARACTERS = 100;

/** The first line of what was asked, as a title. */
export function titleOf(prompt: string | undefined): string | undefined {
  const line = prompt?.trim().split("\n")[0]?.trim();
  if (!line) return undefined;
  const characters = Array.from(new Intl.Segmenter().segment(line), ({ segment }) => segment);
  return characters.length <= TITLE_CHARACTERS ? line : `${characters.slice(0, TITLE_CHARACTERS - 1).join("")}…`;
}
