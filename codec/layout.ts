/**
 * rustc's layout: size, alignment and field order of archived structs, tuples and enums.
 *
 * rkyv's archived structs and tuples are `repr(Rust)` unless its `strict` feature is on, so rustc
 * reorders their fields by size group and by niche. Rust guarantees none of this; the golden vectors prove it. Enums
 * are `repr(u8)`-like: tag first, then the fields in declaration order.
 *
 * @module
 */

// Numbers that types share are here, where bundlers inline them: in a module that imports nothing.

/** Longest inline string, in bytes. Rust: `rkyv/src/string/repr.rs`, `INLINE_CAPACITY`. */
export const INLINE_CAPACITY = 7;

/** Bytes of a B-tree node's header: `u32` size, `i32` pointer, `u16` meta, 2 of padding. */
export const NODE_HEADER_BYTES = 12;
/** Bit of a header's meta that marks an inner node. */
export const INNER_NODE = 0x8000;
/** rkyv begins a new node when one reaches this many bytes, including its parts. */
export const NODE_BYTES = 4096;
/** An inner node is aligned to 8 by 64-bit peers. */
export const INNER_NODE_ALIGN = 8;

/** Bytes of a word that SeaHash takes; of a `usize`, as Rust's `Hash` feeds it. */
export const WORD_BYTES = 8;
/** Bytes of a seed, which is hashed before a key. */
export const SEED_BYTES = 4;
/** Displacement of an empty bucket of a hash table, as `i32`: see `Reader.u32()`. */
export const EMPTY_BUCKET = -1;
/** The first seed; from 0 on, displacements are positions. */
export const FIRST_SEED = -0x8000_0000;

/** Bit patterns that a type never uses, which rustc orders fields by: how many, where, and in how many bytes. */
export type Niche = readonly [available: number, offset: number, bytes: number];

/** Size and alignment of an archived type, in bytes. */
export interface Layout {
  /** Bytes of one value, including padding. */
  readonly size: number;
  /** Positions of values are multiples of this. */
  readonly align: number;
  /** The largest niche, if any. */
  readonly niche?: Niche | undefined;
}

/** A layout with each field's offset. */
export interface FieldsLayout extends Layout {
  /** Offset of each field, in declaration order. */
  readonly offsets: readonly number[];
}

/** `value` rounded up to a multiple of `align`. */
export function roundUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

/** The exponent of the largest power of two that divides a number other than 0. */
function log2(multiple: number): number {
  return 31 - Math.clz32(multiple & -multiple);
}

type SortKey = readonly [group: number, available: number, distance: number];

/** Memory order of fields. `movable` of them may be reordered; the rest stay last. */
function order(fields: readonly Layout[], movable: number, nicheLast = false): number[] {
  const free = fields.slice(0, movable);
  const maxAlign = log2(Math.max(1, ...free.map(({ align }) => align)));
  const largest = Math.max(0, ...free.map(({ niche }) => niche?.[0] ?? 0));
  const keys = free.map(({ size, align, niche }): SortKey => {
    const [available, offset, bytes] = niche ?? [0, 0, size];
    const group = log2(Math.max(align, size));
    return nicheLast
      ? [available === largest ? log2(align) : group, available, offset + bytes - size]
      : [largest === 0 ? group : Math.min(maxAlign, group), -available, offset];
  });
  const sorted = [...keys.keys()].sort((i, j) => {
    const [a, b] = [keys[i]!, keys[j]!];
    return b[0] - a[0] || a[1] - b[1] || a[2] - b[2];
  });
  return [...fields.keys()].map((i) => sorted[i] ?? i);
}

/** The offsets of fields in a given memory order. */
function place(
  fields: readonly Layout[],
  inOrder: Iterable<number>,
  nicheLast = false,
): FieldsLayout {
  let size = 0;
  let align = 1;
  let niche: Niche | undefined;
  const offsets: number[] = [];
  for (const i of inOrder) {
    const field = fields[i]!;
    const start = offsets[i] = roundUp(size, field.align);
    align = Math.max(align, field.align);
    if (field.niche) {
      const [available, offset, bytes] = field.niche;
      const most = niche?.[0] ?? 0;
      if (available > most || (nicheLast && available === most)) {
        niche = [available, offset + start, bytes];
      }
    }
    size = start + field.size;
  }
  return { size: roundUp(size, align), align, niche, offsets };
}

/** A `repr(C)` struct: fields in declaration order (rkyv's `strict` feature). */
export function declaredLayout(fields: readonly Layout[]): FieldsLayout {
  return place(fields, fields.keys());
}

/** A `repr(Rust)` struct: fields reordered; of two arrangements, the one that puts the niche nearer an end. */
export function structLayout(fields: readonly Layout[]): FieldsLayout {
  const { length } = fields;
  const first = place(fields, order(fields, length));
  if (first.niche === undefined) return first;
  const [, head, bytes] = first.niche;
  const tail = first.size - head - bytes;
  if (head === 0 || tail === 0) return first;
  const last = place(fields, order(fields, length, true), true);
  return last.niche![1] > Math.max(head, tail) ? last : first;
}

/** A tuple: fields reordered, the last element stays last. */
export function tupleLayout(fields: readonly Layout[]): FieldsLayout {
  return place(fields, order(fields, fields.length - 1));
}

/** An enum's layout. */
export interface EnumLayout extends Layout {
  /** For each variant, the offset of each field. */
  readonly offsets: readonly (readonly number[])[];
}

/** Bytes of the tag for so many variants. */
export function tagBytesOf(count: number): 1 | 2 | 4 {
  return count <= 255 ? 1 : count <= 65_535 ? 2 : 4;
}

/** A `repr(u8)`-like enum with a tag of so many bytes: each variant is a C struct of the tag and its fields. */
export function enumLayout(
  bytes: number,
  variants: readonly (readonly Layout[])[],
): EnumLayout {
  let size = bytes;
  let align = bytes;
  const offsets = variants.map((fields) => {
    let end = bytes;
    return fields.map((field) => {
      const start = roundUp(end, field.align);
      end = start + field.size;
      size = Math.max(size, end);
      align = Math.max(align, field.align);
      return start;
    });
  });
  // There is always one: a tag of so many bytes has a value to spare.
  const niche: Niche = [2 ** (8 * bytes) - variants.length, 0, bytes];
  return { size: roundUp(size, align), align, niche, offsets };
}

/**
 * A schema whose layout is computed on first use, because its parts may be declared later.
 *
 * @param layout Called whenever one of its numbers is read.
 */
export function laidOut<S>(layout: () => Layout, own: S): S & Layout {
  // One function each: engines are slow where one reads different names.
  Object.defineProperties(own, {
    size: { get: () => layout().size },
    align: { get: () => layout().align },
    niche: { get: () => layout().niche },
  });
  return own as S & Layout;
}
