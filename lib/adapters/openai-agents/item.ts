// An item as a message, and back. It stands in the log as it is, but for two things that a message cannot have: an `id` of the model's, which
// may come twice, is its `itemId`; bytes are base64.

type Fields = Record<string, unknown>;

const BYTES = "$bytes";
/** Types of messages that are no items as they stand. */
const OURS: ReadonlySet<unknown> = new Set(["item", "operation"]);

export function messageOf(item: object): Fields {
  const value = packed(item) as Fields;
  // What would be taken for one of ours is put into one of ours.
  if (Object.hasOwn(value, "itemId") || OURS.has(value["type"])) return { type: "item", item: value };
  if (!Object.hasOwn(value, "id")) return value;
  const { id, ...rest } = value;
  return { ...rest, itemId: id };
}

export function itemOf(data: Readonly<Fields>): object {
  const value = shapeOf(data);
  if (value["type"] === "item") return unpacked(value["item"]) as object;
  if (!Object.hasOwn(value, "itemId")) return unpacked(value) as object;
  const { itemId, ...rest } = value;
  return unpacked({ ...rest, id: itemId }) as object;
}

/** An item as the message that will be read. */
export function plain(item: object): Fields {
  return JSON.parse(JSON.stringify(messageOf(item))) as Fields;
}

/** The same of a message that stands, which has an id of its own once it was replaced. */
export function shapeOf({ id: _id, ...shape }: Readonly<Fields>): Fields {
  return shape;
}

function packed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(packed);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return value;
  const copy = mapped(value, packed);
  return Object.hasOwn(value, BYTES) ? { [BYTES]: copy } : copy;
}

function unpacked(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unpacked);
  if (!Object.hasOwn(value, BYTES)) return mapped(value, unpacked);
  const inner = (value as Fields)[BYTES];
  if (typeof inner === "string") return new Uint8Array(Buffer.from(inner, "base64"));
  return mapped(inner as object, unpacked);
}

/** Keys that mean something to every object stay keys of their own. */
function mapped(value: object, change: (value: unknown) => unknown): Fields {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each)]));
}
