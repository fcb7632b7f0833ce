/**
 * Where rustc puts things: size, alignment and field order of archived structs, tuples and enums.
 *
 * rkyv's archived structs and tuples are `repr(Rust)` unless its `strict` feature is on, so rustc
 * reorders their fields by size group and by niche. Rust promises none of this; the golden vectors
 * are what proves it. Enums are `repr(u8)`-like: tag first, then the fields in declaration order.
 *
 * @module
 */

/** A range of bit patterns that a type never uses, which rustc orders fields by. */
export interface Niche {
  /** How many values are free. */
  readonly available: number;
  /** Offset of the bytes that hold it. */
  readonly offset: number;
  /** How many bytes hold it. */
  readonly bytes: number;
}

/** Size and alignment of an archived type, in bytes. */
export interface Layout {
  /** Bytes that one value takes, padding included. */
  readonly size: number;
  /** Positions of values are multiples of this. */
  readonly align: number;
  /** The largest niche, where there is one. */
  readonly niche: Niche | undefined;
}

/** A layout with a place for each field. */
export interface FieldsLayout extends Layout {
  /** Offset of each field, in declaration order. */
  readonly offsets: readonly number[];
}

/** `value` rounded up to a multiple of `align`. */
export function roundUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

function log2(powerOfTwoMultiple: number): number {
  return powerOfTwoMultiple === 0 ? 32 : 31 - Math.clz32(powerOfTwoMultiple & -powerOfTwoMultiple);
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Memory order of fields. `movable` of them may be reordered; the rest stay last. */
function order(fields: readonly Layout[], movable: number, nicheLast: boolean): number[] {
  const free = fields.slice(0, movable);
  const maxAlign = Math.max(1, ...free.map((f) => f.align));
  const largest = Math.max(0, ...free.map((f) => f.niche?.available ?? 0));
  const group = (f: Layout): number => {
    const k = log2(Math.max(f.align, f.size));
    if (largest === 0) return k;
    if (!nicheLast) return Math.min(log2(maxAlign), k);
    return (f.niche?.available ?? 0) === largest ? log2(f.align) : k;
  };
  const keys = free.map((f) => {
    const available = f.niche?.available ?? 0;
    if (!nicheLast) return [-group(f), -available, f.niche?.offset ?? 0];
    return [-group(f), available, f.niche ? f.niche.offset + f.niche.bytes - f.size : 0];
  });
  const indexes = fields.map((_, i) => i);
  return [
    ...indexes.slice(0, movable).sort((a, b) => compareKeys(keys[a]!, keys[b]!)),
    ...indexes.slice(movable),
  ];
}

function place(
  fields: readonly Layout[],
  inOrder: readonly number[],
  nicheLast: boolean,
): FieldsLayout {
  let end = 0;
  let align = 1;
  let niche: Niche | undefined;
  const offsets = new Array<number>(fields.length).fill(0);
  for (const index of inOrder) {
    const field = fields[index]!;
    const offset = roundUp(end, field.align);
    offsets[index] = offset;
    align = Math.max(align, field.align);
    if (field.niche) {
      const { available } = field.niche;
      const better = niche === undefined || available > niche.available ||
        (nicheLast && available === niche.available);
      if (better) niche = { ...field.niche, offset: field.niche.offset + offset };
    }
    end = offset + field.size;
  }
  return { size: roundUp(end, align), align, niche, offsets };
}

/** A `repr(Rust)` struct: fields reordered; of two arrangements, the one that puts the niche nearer an end. */
export function structLayout(fields: readonly Layout[]): FieldsLayout {
  const first = place(fields, order(fields, fields.length, false), false);
  if (first.niche === undefined || fields.length < 2) return first;
  const head = first.niche.offset;
  const tail = first.size - head - first.niche.bytes;
  if (head === 0 || tail === 0) return first;
  const last = place(fields, order(fields, fields.length, true), true);
  return last.niche!.offset > head && last.niche!.offset > tail ? last : first;
}

/** A tuple: fields reordered, the last element stays last. */
export function tupleLayout(fields: readonly Layout[]): FieldsLayout {
  return place(fields, order(fields, Math.max(0, fields.length - 1), false), false);
}

/** A `repr(C)` struct: fields in declaration order (rkyv's `strict` feature). */
export function declaredLayout(fields: readonly Layout[]): FieldsLayout {
  return place(fields, fields.map((_, i) => i), false);
}

/** An enum's layout. */
export interface EnumLayout extends Layout {
  /** Bytes of the tag: 1 up to 255 variants, 2 up to 65,535, then 4. */
  readonly tagBytes: 1 | 2 | 4;
  /** For each variant, offset of each field in declaration order. */
  readonly variants: readonly (readonly number[])[];
}

/** A `repr(u8)`-like enum: each variant is a C struct of the tag and its fields. */
export function enumLayout(variants: readonly (readonly Layout[])[]): EnumLayout {
  const count = variants.length;
  const tagBytes = count <= 255 ? 1 : count <= 65_535 ? 2 : 4;
  let size: number = tagBytes;
  let align: number = tagBytes;
  const offsets = variants.map((fields) => {
    let end: number = tagBytes;
    return fields.map((field) => {
      const offset = roundUp(end, field.align);
      end = offset + field.size;
      size = Math.max(size, end);
      align = Math.max(align, field.align);
      return offset;
    });
  });
  const available = 2 ** (8 * tagBytes) - count;
  return {
    size: roundUp(size, align),
    align,
    niche: available > 0 ? { available, offset: 0, bytes: tagBytes } : undefined,
    tagBytes,
    variants: offsets,
  };
}
