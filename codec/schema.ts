/**
 * {@linkcode Schema}: the archive format of a type.
 *
 * @module
 */
import type { FieldsLayout, Niche } from "./layout.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** The type of the values of a schema. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/**
 * The archive format of `T`.
 *
 * A schema is a record of a few numbers and of the functions that write and read one object. {@linkcode Infer} derives
 * the type it describes. Everything else (signature, default, hash, order, view, Rust source, generated code) is a
 * separate function over the closed set of kinds.
 */
export interface Schema<T> {
  /** The kind of type, such as `"u32"` or `"struct"`. */
  readonly kind: string;
  /** Bytes of the archived object, without its out-of-line parts. */
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
   * Estimated bytes of memory of a value, in addition to its slot in its owner and the archive's own bytes, if neither
   * its size nor its parts determine it: see {@linkcode footprint}.
   *
   * @internal
   */
  readonly memory?: number | undefined;
  /**
   * The text between `<` and `>` behind its kind in a signature.
   *
   * @internal
   */
  readonly parts?: readonly AnySchema[] | undefined;
  /**
   * Its name in a signature, where that is neither: see {@linkcode signature}.
   *
   * @internal
   */
  readonly text?: (() => string) | undefined;
  /**
   * Write the object into the zeroed bytes at `at`, and its out-of-line parts before it.
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
   * The cached generated functions for whole archives: a look-up would cost as much as a small archive.
   *
   * @internal
   */
  functions?: Functions<T> | undefined;
}

/** Functions for whole archives of one schema. */
export interface Functions<T> {
  /** Write one at the writer's position and base. Throws any error for an invalid value. */
  write(writer: Writer, value: T): void;
  /** Read the opened archive. Throws any error if it is invalid. */
  read(reader: Reader): T;
  /** Check the opened one. Throws anything for a bad one. */
  check(reader: Reader): void;
}

/** Any schema, whatever its values. */
export type AnySchema = Schema<unknown>;

/** Kinds of integers that a `number` holds. */
export type IntegerKind = "u8" | "u16" | "u32" | "i8" | "i16" | "i32" | "usize" | "isize";
/** Kinds of integers that take a `bigint`. */
export type BigIntegerKind = "u64" | "i64" | "u128" | "i128";
/** Kinds without parts. */
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
  /** The schema of one number. */
  readonly item: AnySchema;
}

/** Elements of one type, back to back. */
export interface List extends AnySchema {
  readonly kind: "vec" | "boxslice" | "array";
  /** The schema of one element. */
  readonly item: AnySchema;
  /** The number of elements, if fixed. */
  readonly length?: number;
}

/** One field of an object. */
export interface Field {
  /** Its key in the value: a name, or an index. */
  readonly key: string | number;
  /** Its schema. */
  readonly schema: AnySchema;
  /** Its offset in its owner. */
  readonly offset: number;
}

/** Fields at offsets; their value is an object, or an array. */
export interface Composite extends AnySchema {
  readonly kind: "struct" | "tuple" | "tstruct";
  /** The type's own name in its signature, for Rust's own structs. */
  readonly name?: string | undefined;
  /** Whether fields stay in declaration order in memory. */
  readonly reprC?: boolean | undefined;
  /** Their schemas, as declared. */
  readonly schemas: Readonly<Record<string, AnySchema>> | readonly AnySchema[];
  /** The fields, in declaration order. */
  readonly fields: readonly Field[];
}

/** One arm of a sum. Used separately if the arm is known: a call's method. */
export interface Arm extends AnySchema {
  readonly kind: "arm";
  /** Bytes of the tag. */
  readonly tagBytes: 1 | 2 | 4;
  /** Its name. */
  readonly name: string;
  /** Its index in declaration order, which is its tag. */
  readonly tag: number;
  /** What it was declared to carry: nothing, one value, several by position (an array in `value`), or several by name. */
  readonly spec: null | AnySchema | readonly AnySchema[] | Readonly<Record<string, AnySchema>>;
  /** Their schemas, as declared. */
  readonly schemas: Readonly<Record<string, AnySchema>> | readonly AnySchema[];
  /** The fields, in declaration order. */
  readonly fields: readonly Field[];
  /** Read the fields without checking the tag, into a value that may have other properties. */
  readInto(
    reader: Reader,
    at: number,
    target: Record<string | number, unknown>,
  ): Record<string | number, unknown>;
}

/** One of several arms, distinguished by a tag. */
export interface Sum extends AnySchema {
  readonly kind: "variants" | "option" | "result" | "ip" | "sock";
  /** Bytes of the tag. */
  readonly tagBytes: 1 | 2 | 4;
  /** The arms, in declaration order. */
  readonly arms: readonly Arm[];
  /** Whether the native enum is `#[repr(u8)]`; matters only for its hash as a map's key. */
  readonly reprU8?: boolean | undefined;
  /** The arm of a value, if valid. */
  armOf(value: unknown): Arm | undefined;
}

/** A wrapper around another type. */
export interface Wrapper extends AnySchema {
  readonly kind: "box" | "lazy" | "convert" | "nonzero";
  /** The wrapped schema. */
  readonly item: AnySchema;
  /** Of `convert`: both directions. */
  readonly conversion?: Conversion<unknown, unknown> | undefined;
  /** Of `convert`: whether it has a default of its own. */
  readonly hasDefault?: boolean | undefined;
}

/** The conversion between a custom type and an archived one. */
export interface Conversion<T, U> {
  /** Its description for messages: `"a Topic"`. */
  readonly expected: string;
  /** Convert to the custom type. Runs on validated values. */
  decode(value: U): T;
  /**
   * Convert from the custom type; throws any error for an invalid value. Runs once for each written value, and once more
   * if the value is validated before, as on assignment to the state.
   */
  encode(value: T): U;
}

/** A collection with keys. */
export interface Collection extends AnySchema {
  readonly kind: "hashmap" | "hashset" | "btreemap" | "btreeset";
  /** The schema of keys. */
  readonly key: AnySchema;
  /** The schema of values; `unit` in a set. */
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

/** Every schema, as a union by kind: walks switch on it. */
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

/** All kinds of types. */
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

/** A value that is computed on first use. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}
