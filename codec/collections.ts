/**
 * Shared by both kinds of maps and sets: their values in TypeScript, and their keys.
 *
 * @module
 */
import { interpret } from "./archive.ts";
import { CodecError, refusal } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { AnySchema, Collection, Conversion, Wrapper } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** An entry; of a set, its item is `undefined`. */
export type Entry = readonly [key: unknown, item: unknown];

/** The entries of a `Map` or a `Set`. */
export function entriesOf(value: unknown): Entry[] {
  return value instanceof Map
    ? [...value]
    : Array.from(value as Set<unknown>, (key) => [key, undefined] as const);
}

/** Bytes as a string, one character each. */
const latin1 = /* @__PURE__ */ new TextDecoder("latin1");

/** Stands before the key of a map in a path: its text is made when the path is shown. */
export function showKey(key: unknown): string {
  const shown = typeof key === "string" ? JSON.stringify(key) : typeof key === "object" ? "…" : key;
  return `get(${String(shown)})`;
}

/** A collection's functions for keys and entries. */
export interface Entries {
  /** How keys are archived, without the conversions around them, which run once for each. */
  readonly schema: AnySchema;
  /** A key that was archived as the value has it. */
  decode(reader: Reader, plain: unknown): unknown;
  /** An empty value. */
  create(): Map<unknown, unknown> | Set<unknown>;
  /** Add an entry to a value. */
  add(value: unknown, key: unknown, item: unknown): void;
  /** Step from the collection to an entry, in a path that has `step` steps so far; returns how many it has then. */
  step(path: unknown[], step: number, key: unknown, index: number): number;
  /**
   * Write the entries of a value, with keys as they are archived. Only if that throws, or calls `check`, keys are checked
   * one by one: the first that is invalid, or equal to another in Rust, is rejected.
   */
  write(writer: Writer, value: unknown, use: (entries: Entry[], check: () => void) => void): void;
}

/** The entries of a collection with keys of a schema. */
export function entriesBy(collection: () => Collection, key: AnySchema, isMap: boolean): Entries {
  const conversions: Conversion<unknown, unknown>[] = [];
  let schema = key;
  // Types that are not declared yet are rejected on use: see `checkSchema()`.
  while (schema?.kind === "convert") {
    const { conversion, item } = schema as Wrapper;
    conversions.unshift(conversion!);
    schema = item;
  }

  function step(path: unknown[], step: number, own: unknown, index: number): number {
    path[step++] = isMap ? showKey : index;
    if (isMap) path[step++] = own;
    return step;
  }

  return {
    schema,
    create: () => isMap ? new Map() : new Set(),
    decode({ converts }, plain) {
      let own = plain;
      if (converts) { for (const { decode } of conversions) own = decode(own); }
      return own;
    },
    add(value, own, item) {
      if (isMap) (value as Map<unknown, unknown>).set(own, item);
      else (value as Set<unknown>).add(own);
    },
    step,
    write(writer, value, use) {
      if (!(value instanceof (isMap ? Map : Set))) writer.refuse(collection(), value);
      const entries = entriesOf(value);
      const plain = (own: unknown): unknown =>
        conversions.reduceRight((own, { encode }) => encode(own), own);
      const { steps } = writer;
      const check = (): void => {
        const { base, position } = writer;
        // As separate archives, so that equal keys have equal bytes.
        writer.base = position;
        const met = new Set<string>();
        entries.forEach(([own], i) => {
          writer.steps = step(writer.path, steps, own, i);
          let archived: unknown;
          try {
            archived = plain(own);
          } catch {
            writer.refuse(conversions.at(-1)!.expected, own);
          }
          interpret.write(writer, schema, archived);
          met.add(latin1.decode(writer.bytes.subarray(position, writer.position)));
          writer.position = position;
          writer.steps = steps;
          if (met.size <= i) throw refusal(writer, "DuplicateKey", "two keys are equal in Rust");
        });
        writer.base = base;
      };
      try {
        use(
          schema === key ? entries : entries.map(([own, item]): Entry => [plain(own), item]),
          check,
        );
      } catch (cause) {
        // What else throws, throws while entries are written: a getter of a value.
        if (writer.steps === steps || cause instanceof CodecError) check();
        throw cause;
      }
    },
  };
}
