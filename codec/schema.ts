/**
 * {@linkcode Schema}: how values of a type are archived.
 *
 * @module
 */
import type { CompiledBy } from "./archive.ts";
import { CodecError } from "./errors.ts";
import type { Niche } from "./layout.ts";
import { formatPath, type Reader } from "./reader.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** The type of the values of a schema. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** Where in a value, for messages. */
export type Path = readonly (string | number)[];

/**
 * How values of `T` are archived, decoded and checked.
 *
 * A schema is a value; the type it describes is read off it with {@linkcode Infer}. Writing goes in
 * rkyv's two phases: {@linkcode Schema.serialize} writes what lies out of line and remembers where,
 * {@linkcode Schema.resolve} fills the fixed-size object.
 */
export abstract class Schema<T> {
  /**
   * Kept by `compile()`: a field, because a look-up by schema would cost as much as a small archive.
   *
   * @internal
   */
  compiled: CompiledBy<T> | undefined = undefined;
  /** What kind of type this is, such as `"u32"` or `"struct"`. */
  abstract readonly kind: string;
  /** Bytes of the archived object, without what it points to. */
  abstract readonly size: number;
  /** Its alignment. */
  abstract readonly align: number;
  /**
   * Its largest niche.
   *
   * @internal
   */
  abstract readonly niche: Niche | undefined;
  /** Whether nothing of it lies out of line. */
  abstract readonly flat: boolean;

  /**
   * Write what lies out of line; push resolvers. Throws anything for a bad value.
   *
   * @internal
   */
  abstract serialize(writer: Writer, value: T): void;
  /**
   * Fill the zeroed bytes at `at`; take the resolvers. Throws anything for a bad value.
   *
   * @internal
   */
  abstract resolve(writer: Writer, at: number, value: T): void;
  /**
   * Decode the object at `at`, checking as {@linkcode Schema.check} does.
   *
   * @internal
   */
  abstract read(reader: Reader, at: number): T;
  /**
   * Check the object at `at` as rkyv's validator does, in its order.
   *
   * @internal
   */
  abstract check(reader: Reader, at: number): void;
  /**
   * Throw a {@linkcode CodecError} that says where and why `value` cannot be encoded, if it cannot.
   *
   * @internal
   */
  abstract accept(value: unknown, path: Path): void;
  /** One line, stable from version to version, that is equal only for schemas whose archives are interchangeable. */
  abstract describe(): string;
  /** Rust's `Default::default()`. Throws `TypeError` where the type has none. */
  abstract defaultValue(): T;

  /**
   * Feed `value` as Rust's `Hash` does, for a map's key.
   *
   * @internal
   */
  hash(_hasher: SeaHasher, _value: T): void {
    throw new TypeError(`Cannot use ${this.kind} as a map's key`);
  }

  /** Order as Rust's `Ord`, for a sorted map's key. */
  compare(_a: T, _b: T): number {
    throw new TypeError(`Cannot use ${this.kind} as a sorted map's key`);
  }

  /**
   * Bytes of memory, estimated, that a decoded value takes besides its slot in its owner and the
   * archive's own bytes. Elements of vectors and maps, and what is recursive, are counted as they are read.
   *
   * @internal
   */
  get footprint(): number {
    return 64;
  }

  /** Whether `null` or `undefined` is one of its values. */
  get nullable(): boolean {
    return false;
  }

  /** Why this type cannot be the key of a hash map, if it cannot. */
  get keyFault(): string | undefined {
    return `${this.kind} does not implement Hash in Rust`;
  }
}

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
export function isSchema(value: unknown): value is Schema<unknown> {
  return value instanceof Schema;
}

/** Refuse a value that is to be encoded. */
export function refuse(path: Path, expected: string, value: unknown): never {
  const where = formatPath(path);
  throw new CodecError(
    "BadValue",
    `Cannot encode ${where === "" ? "the value" : where}: expected ${expected}, got ${
      describeValue(value)
    }`,
    where,
  );
}

const MAX_SHOWN = 40;

/** What a value is, for messages: `5`, `"text"`, `a Map`, `a Map of another realm`. */
export function describeValue(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    if (typeof name !== "string" || name === "Object" || name === "") return "an object";
    const ours: unknown = Reflect.get(globalThis, name);
    const foreign = typeof ours === "function" && !(value instanceof ours);
    return `a ${name}${foreign ? " of another realm: copy it into one of this one" : ""}`;
  }
  const isString = typeof value === "string";
  const text = Object.is(value, -0) ? "-0" : String(value);
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return isString ? JSON.stringify(cut) : typeof value === "bigint" ? `${cut}n` : cut;
}

/** A value's own fields, or refuse it. */
export function asRecord(path: Path, expected: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse(path, expected, value);
  }
  return value as Record<string, unknown>;
}

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

/** A name as it stands in {@linkcode Schema.describe}: quoted where it could be taken for more than a name. */
export function describeName(name: string): string {
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}

/** What objects put before all else. */
const INDEX = /^(?:0|[1-9]\d*)$/;

/** Refuse field and variant names that cannot keep their order in an object. */
export function checkNames(what: string, names: readonly string[]): void {
  for (const name of names) {
    if (name === "" || INDEX.test(name)) {
      throw new TypeError(
        `Cannot name a ${what} "${name}": it is empty, or a number, which would come first in an object`,
      );
    }
  }
}
