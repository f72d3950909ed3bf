// A store by a model of its own: a list of messages for each session.

export interface ModelMessage {
  readonly id: string;
  readonly data: object;
  readonly parts: readonly { readonly id: string; readonly data: object }[];
}

export interface ModelSession {
  readonly title?: string;
  readonly messages: readonly ModelMessage[];
}

/** The sessions that are there, by their ids. */
export type Model = Readonly<Record<string, ModelSession>>;

export function message(id: string, data: object): ModelMessage {
  return { id, data, parts: [] };
}
