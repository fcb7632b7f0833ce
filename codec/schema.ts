/**
 * {@linkcode Schema}: how values of a type are archived.
 *
 * @module
 */
import type { FieldsLayout, Niche } from "./layout.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** The type of the values of a schema. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/**
 * How values of `T` are archived.
 *
 * A schema is a value: a record of a few numbers and of how one object is written and read. The type it
 * describes is read off it with {@linkcode Infer}. Whatever else is done with a type (its signature, its
 * default, its hash, its order, its view, its Rust source, its generated code) is a function of its own over
 * the closed set of kinds.
 */
export interface Schema<T> {
  /** What kind of type this is, such as `"u32"` or `"struct"`. */
  readonly kind: string;
  /** Bytes of the archived object, without what it points to. */
  readonly size: number;
  /** Its alignment. */
  readonly align: number;
  /**
   * Its largest niche.
   *
   * @internal
   */
  readonly niche?: Niche | undefined;
  /**
   * Whether `null` or `undefined` is one of its values.
   *
   * @internal
   */
  readonly nullable?: boolean | undefined;
  /**
   * Bytes of memory, estimated, that a value takes besides its slot in its owner and the archive's own bytes,
   * where neither its size nor its parts say that: see {@linkcode footprint}.
   *
   * @internal
   */
  readonly memory?: number | undefined;
  /**
   * What stands between `<` and `>` behind its kind in a signature.
   *
   * @internal
   */
  readonly parts?: readonly AnySchema[] | undefined;
  /**
   * Its name in a signature, where that is neither: see {@linkcode signature}.
   *
   * @internal
   */
  readonly text?: ((naming: Naming) => string) | undefined;
  /**
   * Write the object into the zeroed bytes at `at`, and what lies out of line before it.
   *
   * @internal
   */
  write(writer: Writer, at: number, value: T): void;
  /**
   * Check the object at `at` as rkyv's validator does, in its order, and read it.
   *
   * @internal
   */
  read(reader: Reader, at: number): T;
  /**
   * What was generated for whole archives of it, kept here: a look-up would cost as much as a small archive.
   *
   * @internal
   */
  functions?: Functions<T> | undefined;
}

/** Functions for whole archives of one schema. */
export interface Functions<T> {
  /** Write one at the writer's position and base. Throws anything for a bad value. */
  write(writer: Writer, value: T): void;
  /** Read the opened one. Throws anything for a bad one. */
  read(reader: Reader): T;
  /** Check the opened one. Throws anything for a bad one. */
  check(reader: Reader): void;
}

/** A signature under way. */
export interface Naming {
  /** The names of types that are parts of another, with commas between. */
  readonly of: (...parts: readonly AnySchema[]) => string;
  /** Recursive types by their number in it. */
  readonly met: Map<AnySchema, number>;
}

/** Any schema, whatever its values. */
export type AnySchema = Schema<unknown>;

/** Kinds of integers that a `number` holds. */
export type IntegerKind = "u8" | "u16" | "u32" | "i8" | "i16" | "i32" | "usize" | "isize";
/** Kinds of integers that take a `bigint`. */
export type BigIntegerKind = "u64" | "i64" | "u128" | "i128";
/** Kinds that are written and read by themselves alone. */
export type LeafKind =
  | ("f32" | "f64" | "bool" | "char" | "unit" | "bytes" | "duration")
  | ("string" | "boxstr" | "cstring")
  | ("ipv4" | "ipv6" | "uuid");

/** An integer of up to 32 bits. */
export interface Integer extends Schema<number> {
  readonly kind: IntegerKind;
  /** Least value. */
  readonly min: number;
  /** Greatest value. */
  readonly max: number;
}

/** An integer of 64 or 128 bits. */
export interface BigInteger extends Schema<bigint> {
  readonly kind: BigIntegerKind;
  /** Least value. */
  readonly min: bigint;
  /** Greatest value. */
  readonly max: bigint;
}

/** A type without parts. */
export interface Leaf<T = unknown> extends Schema<T> {
  readonly kind: LeafKind;
}

/** A vector of numbers as a typed array. */
export interface TypedArraySchema extends AnySchema {
  readonly kind: "numbers";
  /** How one number is archived. */
  readonly item: AnySchema;
}

/** Elements of one type, back to back. */
export interface List extends AnySchema {
  readonly kind: "vec" | "boxslice" | "array";
  /** How one element is archived. */
  readonly item: AnySchema;
  /** How many there are, where that is fixed. */
  readonly length?: number;
}

/** One field of an object. */
export interface Field {
  /** Its key in the value: a name, or an index. */
  readonly key: string | number;
  /** How it is archived. */
  readonly schema: AnySchema;
  /** Where, from the start of its owner. */
  readonly offset: number;
}

/** Fields at offsets; their value is an object, or an array. */
export interface Composite extends AnySchema {
  readonly kind: "struct" | "tuple" | "tstruct";
  /** The type's own name in its signature, for Rust's own structs. */
  readonly name?: string | undefined;
  /** Whether fields stay in declaration order in memory. */
  readonly reprC?: boolean | undefined;
  /** How they are archived, as it was declared. */
  readonly schemas: Readonly<Record<string, AnySchema>> | readonly AnySchema[];
  /** The fields, in declaration order. */
  readonly fields: readonly Field[];
}

/** One arm of a sum. Used by itself where the arm is known beforehand: a call's method. */
export interface Arm extends AnySchema {
  readonly kind: "arm";
  /** Bytes of the tag. */
  readonly tagBytes: 1 | 2 | 4;
  /** Its name. */
  readonly name: string;
  /** Its index in declaration order, which is its tag. */
  readonly tag: number;
  /** Where its fields are: nowhere, in the value itself, as an array in its `value`, alone in one key. */
  readonly shape: "unit" | "named" | "items" | "single";
  /** How they are archived, as it was declared. */
  readonly schemas: Readonly<Record<string, AnySchema>> | readonly AnySchema[];
  /** The fields, in declaration order. */
  readonly fields: readonly Field[];
  /** Read the fields, without a look at the tag, into a value that may have more. */
  readInto(
    reader: Reader,
    at: number,
    target: Record<string | number, unknown>,
  ): Record<string | number, unknown>;
}

/** One of several arms, told apart by a tag. */
export interface Sum extends AnySchema {
  readonly kind: "variants" | "option" | "result" | "ip" | "sock";
  /** Bytes of the tag. */
  readonly tagBytes: 1 | 2 | 4;
  /** The arms, in declaration order. */
  readonly arms: readonly Arm[];
  /** Whether the native enum is `#[repr(u8)]`; matters only for its hash as a map's key. */
  readonly reprU8?: boolean | undefined;
  /** The arm of a value, if it is of one. */
  armOf(value: unknown): Arm | undefined;
}

/** A type archived as another, or by way of another. */
export interface Wrapper extends AnySchema {
  readonly kind: "box" | "lazy" | "convert" | "nonzero";
  /** What is inside. */
  readonly item: AnySchema;
  /** Of `convert`: both directions. */
  readonly conversion?: Conversion<unknown, unknown> | undefined;
  /** Of `convert`: whether it has a default of its own. */
  readonly hasDefault?: boolean | undefined;
}

/** How a type of one's own maps onto an archived one. */
export interface Conversion<T, U> {
  /** What it is, for messages: `"a Topic"`. */
  readonly expected: string;
  /** To the type of one's own. Runs on values that have been checked. */
  decode(value: U): T;
  /**
   * From the type of one's own; throws anything for a value that cannot be converted. Runs once for each
   * value that is written, and once more where one is checked before: as it is assigned to the state.
   */
  encode(value: T): U;
}

/** A collection with keys. */
export interface Collection extends AnySchema {
  readonly kind: "hashmap" | "hashset" | "btreemap" | "btreeset";
  /** How keys are archived. */
  readonly key: AnySchema;
  /** How values are archived; `unit` in a set. */
  readonly item: AnySchema;
  /** Where key and value are in an entry. */
  readonly entry: FieldsLayout;
}

/** A collection in the order of its keys. */
export interface BTree extends Collection {
  readonly kind: "btreemap" | "btreeset";
  /** Where pointer and key are in an entry of an inner node. */
  readonly innerEntry: FieldsLayout;
}

/** A collection by a hash of its keys. */
export interface HashTable extends Collection {
  readonly kind: "hashmap" | "hashset";
}

/** Every schema, told apart by its kind: walks switch on it. */
export type Node =
  | Integer
  | BigInteger
  | Leaf
  | TypedArraySchema
  | List
  | Composite
  | Arm
  | Sum
  | Wrapper
  | HashTable
  | BTree;

/** What kinds of types there are. */
export type Kind = Node["kind"];

/**
 * Whether a value is a {@linkcode Schema}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { isSchema, u32 } from "@hardlight/hardlight/codec";
 *
 * assert.equal(isSchema(u32), true);
 * assert.equal(isSchema("u32"), false);
 * ```
 */
export function isSchema(value: unknown): value is AnySchema {
  const { kind, read } = Object(value) as Partial<AnySchema>;
  return typeof kind === "string" && typeof read === "function";
}

/** A value that is made when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}
