// Writers by number. The first ones are those of the rows, whose blocks hold these numbers.

const WRITER_LENGTH = 8;

export class Writers {
  readonly texts: string[];
  readonly #numbers: Map<string, number>;

  constructor(texts: readonly string[]) {
    this.texts = [...texts];
    this.#numbers = new Map(texts.map((text, number) => [text, number]));
  }

  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }
}

/** The writers in a text that has one after the other. */
export function splitWriters(text: string): string[] {
  return Array.from({ length: text.length / WRITER_LENGTH }, (_, number) =>
    text.slice(number * WRITER_LENGTH, (number + 1) * WRITER_LENGTH),
  );
}
