/**
 * The types of views, derived from the types of the values they show.
 *
 * @module
 */

/** The brand of a view's type: the type of its value. */
export interface Viewed<T> {
  /** Exists only as a type. */
  readonly "~value"?: T;
}

/** A view on a vec or an array. */
export interface ListView<T> extends Viewed<readonly T[]> {
  /** Number of elements. */
  readonly length: number;
  /** The element at an index, from the end if it is negative; `undefined` if there is none. */
  at(index: number): View<T> | undefined;
  /** The elements in order, each read on access. */
  [Symbol.iterator](): Iterator<View<T>>;
}

/** A view on a tuple. */
export type TupleView<T extends readonly unknown[]> =
  & { readonly [K in keyof T as K extends `${number}` ? K : never]: View<T[K]> }
  & { readonly length: T["length"]; [Symbol.iterator](): Iterator<View<T[number]>> }
  & Viewed<T>;

/** A view on a map. */
export interface MapView<K, V> extends Viewed<ReadonlyMap<K, V>> {
  /** Number of entries. */
  readonly size: number;
  /** The value of a key, found by the archive's own index or tree; `undefined` if there is none. */
  get(key: K): View<V> | undefined;
  /** Whether a key exists. */
  has(key: K): boolean;
  /** Keys in the archive's order. */
  keys(): Iterable<View<K>>;
  /** Values in the archive's order. */
  values(): Iterable<View<V>>;
  /** Entries in the archive's order. */
  entries(): Iterable<[View<K>, View<V>]>;
  /** Entries in the archive's order. */
  [Symbol.iterator](): Iterator<[View<K>, View<V>]>;
}

/** A view on a set. */
export interface SetView<K> extends Viewed<ReadonlySet<K>> {
  /** How many. */
  readonly size: number;
  /** Whether a value exists. */
  has(value: K): boolean;
  /** Values in the archive's order. */
  [Symbol.iterator](): Iterator<View<K>>;
}

/** Archived values have no methods: a value with methods comes from `convert()` and is decoded. */
export type HasMethods<T> = true extends
  { [K in keyof T]-?: T[K] extends (...args: never) => unknown ? true : never }[keyof T] ? true
  : false;

/**
 * A lazy view of an archived `T`: see {@linkcode view}.
 *
 * | value | view |
 * | --- | --- |
 * | object | the same fields, read on access |
 * | array | {@linkcode ListView}; {@linkcode TupleView} of a tuple |
 * | `Map`, `Set` | {@linkcode MapView}, {@linkcode SetView} |
 * | anything else | itself, decoded on access |
 */
export type View<T> = unknown extends T ? unknown
  : T extends string | number | bigint | boolean | null | undefined | void | Uint8Array ? T
  : T extends ReadonlyMap<infer K, infer V> ? MapView<K, V>
  : T extends ReadonlySet<infer K> ? SetView<K>
  : T extends readonly unknown[] ? number extends T["length"] ? ListView<T[number]> : TupleView<T>
  : HasMethods<T> extends true ? T
  : { readonly [K in keyof T]: View<T[K]> } & Viewed<T>;
