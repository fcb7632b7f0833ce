/**
 * The same archives by hand: code with a DataView for only these types.
 *
 * @module
 */

/** A value of the typical object. */
export const typical = {
  id: 7,
  name: "hello world!",
  tags: ["alpha", "beta", "gamma-long"],
  score: 1.5,
  active: true,
  items: Array.from({ length: 10 }, (_, i) => ({ x: i, y: i * 2 })),
};

type Typical = typeof typical;

const bytes = new Uint8Array(8 << 20);
const data = new DataView(bytes.buffer);

/** Fails unless the handwritten code writes the same archive. */
export function archiveOf(
  encode: () => number,
  archive: Uint8Array,
  name: string,
): void {
  const length = encode();
  const same = length === archive.length &&
    archive.every((byte, i) => byte === bytes[i]);
  if (!same) throw new Error(`the hand-written ${name} is not the archive`);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function putText(p: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) {
      return p + encoder.encodeInto(text, bytes.subarray(p)).written;
    }
    bytes[p + i] = unit;
  }
  return p + text.length;
}

function putInline(at: number, text: string): void {
  data.setInt32(at, 0, true);
  data.setInt32(at + 4, 0, true);
  bytes[at + 7] = putText(at, text) - at;
}

function putString(
  at: number,
  text: string,
  start: number,
  length: number,
): void {
  if (length === 0) return putInline(at, text);
  data.setInt32(at, length, true);
  data.setInt32(at + 4, start - at, true);
}

function u32(value: number): number {
  if ((value >>> 0) !== value) throw new RangeError("no u32");
  return value;
}

/** `RpcCall::Increment { amount: 7 }`. */
export function encodeCall(): number {
  bytes[0] = 1;
  bytes[1] = 0;
  bytes[2] = 0;
  bytes[3] = 0;
  data.setUint32(4, u32(7), true);
  return 8;
}

/** A call. */
export function decodeCall(archive: Uint8Array): unknown {
  if (archive.length < 8) throw new RangeError("too short");
  const at = archive.length - 8;
  const view = new DataView(
    archive.buffer,
    archive.byteOffset,
    archive.byteLength,
  );
  switch (archive[at]) {
    case 0:
      return { type: "newCounter" };
    case 1:
      return { type: "increment", amount: view.getUint32(at + 4, true) };
    case 2:
      return { type: "decrement", amount: view.getUint32(at + 4, true) };
    case 3:
      return { type: "get" };
    default:
      throw new RangeError("no such call");
  }
}

// rustc's offsets of the fields.
const [NAME, TAGS, SCORE, ITEMS, ID, ACTIVE, SIZE] = [0, 8, 16, 24, 32, 36, 40];
const starts = new Int32Array(64);

/** Writes an object's out-of-line parts; stores their positions in `parts`. */
function putParts(
  p: number,
  value: Typical,
  parts: Int32Array,
  at: number,
): number {
  const { name, tags, items } = value;
  let start = p;
  if (name.length > 7) p = putText(p, name);
  parts[at] = start;
  parts[at + 1] = p - start;
  for (let i = 0; i < tags.length; i++) {
    const tag = tags[i]!;
    start = p;
    if (tag.length > 7) p = putText(p, tag);
    starts[2 * i] = start;
    starts[2 * i + 1] = p - start;
  }
  while (p & 3) bytes[p++] = 0;
  parts[at + 2] = p;
  for (let i = 0; i < tags.length; i++, p += 8) {
    putString(p, tags[i]!, starts[2 * i]!, starts[2 * i + 1]!);
  }
  parts[at + 3] = p;
  for (let i = 0; i < items.length; i++, p += 8) {
    const item = items[i]!;
    data.setUint32(p, u32(item.x), true);
    data.setUint32(p + 4, u32(item.y), true);
  }
  return p;
}

function putObject(
  p: number,
  value: Typical,
  parts: Int32Array,
  at: number,
): void {
  putString(p + NAME!, value.name, parts[at]!, parts[at + 1]!);
  data.setInt32(p + TAGS!, parts[at + 2]! - (p + TAGS!), true);
  data.setInt32(p + TAGS! + 4, value.tags.length, true);
  data.setFloat64(p + SCORE!, value.score, true);
  data.setInt32(p + ITEMS!, parts[at + 3]! - (p + ITEMS!), true);
  data.setInt32(p + ITEMS! + 4, value.items.length, true);
  data.setUint32(p + ID!, u32(value.id), true);
  data.setInt32(p + ACTIVE!, value.active ? 1 : 0, true);
}

const one = new Int32Array(4);

/** The typical object. */
export function encodeTypical(): number {
  let p = putParts(0, typical, one, 0);
  while (p & 7) bytes[p++] = 0;
  putObject(p, typical, one, 0);
  return p + SIZE!;
}

let all = new Int32Array(4096);

/** A vector of them. */
export function encodeMany(values: readonly Typical[]): number {
  let p = 0;
  if (all.length < values.length * 4) all = new Int32Array(values.length * 4);
  for (let i = 0; i < values.length; i++) {
    p = putParts(p, values[i]!, all, i * 4);
  }
  while (p & 7) bytes[p++] = 0;
  const start = p;
  for (let i = 0; i < values.length; i++, p += SIZE!) {
    putObject(p, values[i]!, all, i * 4);
  }
  data.setInt32(p, start - p, true);
  data.setInt32(p + 4, values.length, true);
  return p + 8;
}

/** `Vec<u32>`. */
export function encodeNumbers(values: readonly number[]): number {
  let p = 0;
  for (let i = 0; i < values.length; i++, p += 4) {
    data.setUint32(p, u32(values[i]!), true);
  }
  data.setInt32(p, -p, true);
  data.setInt32(p + 4, values.length, true);
  return p + 8;
}

/** `Vec<u32>`. */
export function decodeNumbers(archive: Uint8Array): number[] {
  const view = new DataView(
    archive.buffer,
    archive.byteOffset,
    archive.byteLength,
  );
  const at = archive.length - 8;
  const start = at + view.getInt32(at, true);
  const count = view.getUint32(at + 4, true);
  if (start < 0 || start + count * 4 > at) {
    throw new RangeError("out of bounds");
  }
  const values = new Array<number>(count);
  for (let i = 0, p = start; i < count; i++, p += 4) {
    values[i] = view.getUint32(p, true);
  }
  return values;
}

function getText(from: Uint8Array, start: number, length: number): string {
  if (length <= 16) {
    let text = "";
    let i = 0;
    for (; i < length; i++) {
      const unit = from[start + i]!;
      if (unit > 0x7f) break;
      text += String.fromCharCode(unit);
    }
    if (i === length) return text;
  }
  return decoder.decode(from.subarray(start, start + length));
}

function getString(from: Uint8Array, view: DataView, at: number): string {
  const last = from[at + 7]!;
  if (last < 0x80) {
    if (last > 7) throw new RangeError("bad length");
    return getText(from, at, last);
  }
  const length = view.getUint32(at, true);
  const start = at + view.getInt32(at + 4, true);
  if (start < 0 || start + length > at) throw new RangeError("out of bounds");
  return getText(from, start, length);
}

function getObject(from: Uint8Array, view: DataView, at: number): Typical {
  const name = getString(from, view, at + NAME!);
  const tagsAt = at + TAGS! + view.getInt32(at + TAGS!, true);
  const tagCount = view.getUint32(at + TAGS! + 4, true);
  if (tagsAt < 0 || tagsAt + tagCount * 8 > at) {
    throw new RangeError("out of bounds");
  }
  const tags = new Array<string>(tagCount);
  for (let i = 0; i < tagCount; i++) {
    tags[i] = getString(from, view, tagsAt + i * 8);
  }
  const itemsAt = at + ITEMS! + view.getInt32(at + ITEMS!, true);
  const itemCount = view.getUint32(at + ITEMS! + 4, true);
  if (itemsAt < 0 || itemsAt + itemCount * 8 > at) {
    throw new RangeError("out of bounds");
  }
  const items = new Array<{ x: number; y: number }>(itemCount);
  for (let i = 0, p = itemsAt; i < itemCount; i++, p += 8) {
    items[i] = { x: view.getUint32(p, true), y: view.getUint32(p + 4, true) };
  }
  const active = from[at + ACTIVE!]!;
  if (active > 1) throw new RangeError("no bool");
  return {
    id: view.getUint32(at + ID!, true),
    name,
    tags,
    score: view.getFloat64(at + SCORE!, true),
    active: active === 1,
    items,
  };
}

/** The typical object. */
export function decodeTypical(archive: Uint8Array): Typical {
  const view = new DataView(
    archive.buffer,
    archive.byteOffset,
    archive.byteLength,
  );
  return getObject(archive, view, archive.length - SIZE!);
}

/** A vector of them. */
export function decodeMany(archive: Uint8Array): Typical[] {
  const view = new DataView(
    archive.buffer,
    archive.byteOffset,
    archive.byteLength,
  );
  const at = archive.length - 8;
  const start = at + view.getInt32(at, true);
  const count = view.getUint32(at + 4, true);
  if (start < 0 || start + count * SIZE! > at) {
    throw new RangeError("out of bounds");
  }
  const values = new Array<Typical>(count);
  for (let i = 0; i < count; i++) {
    values[i] = getObject(archive, view, start + i * SIZE!);
  }
  return values;
}
