/**
 * {@linkcode box} and {@linkcode lazy}.
 *
 * @module
 */
import { signature } from "./signature.ts";
import { refusal } from "./errors.ts";
import { laidOut } from "./layout.ts";
import { footprint, spend } from "./parts.ts";
import { leave, type Reader } from "./reader.ts";
import { type AnySchema, once, type Schema, type Wrapper } from "./schema.ts";
import type { Writer } from "./writer.ts";

/**
 * `Box<T>`: a relative pointer of 4 bytes to the value; the value itself in TypeScript.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { box, decode, encode, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = box(u32);
 * const value = 7;
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function box<T>(item: Schema<T>): Schema<T> {
  const schema: Wrapper = {
    kind: "box",
    size: 4,
    align: 4,
    get nullable() {
      return item.nullable;
    },
    item: item as AnySchema,
    parts: [item as AnySchema],
    write(writer, at, value) {
      const inside = writer.begin(item.size);
      item.write(writer, inside, value as T);
      writer.point(at, writer.end(inside, item.align));
    },
    read(reader, at) {
      const { high } = reader;
      const start = reader.enter(at, item.size, item.align);
      const value = item.read(reader, start);
      leave(reader, start, item.size, high);
      return value;
    },
  };
  return schema as Schema<unknown> as Schema<T>;
}

/** Go one level down in writing a recursive type. */
export function descend(writer: Writer): void {
  if (++writer.depth > writer.maxDepth) {
    throw refusal(writer, "TooDeep", `expected at most ${writer.maxDepth} levels`);
  }
}

/** Go one level down in reading a recursive type, to a value that takes so much memory. */
export function dive(reader: Reader, at: number, bytes: number): void {
  spend(reader, bytes, at);
  if (--reader.depth < 0) reader.fail("TooDeep", at);
}

/** The recursive types of the signature that is being made, with their numbers. */
const met: Map<unknown, number> = /* @__PURE__ */ new Map();

/**
 * A schema that is created on first use, so that a type can contain itself.
 *
 * Inside a value there may be 64 levels of values of its type, both ways.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, lazy, type Schema, string, struct, vec } from "@hardlight/hardlight/codec";
 *
 * interface Tree {
 *   name: string;
 *   children: readonly Tree[];
 * }
 * const Tree: Schema<Tree> = struct({ name: string, children: vec(lazy(() => Tree)) });
 * const tree = { name: "root", children: [{ name: "leaf", children: [] }] };
 * assert.deepEqual(decode(Tree, encode(Tree, tree)), tree);
 * ```
 */
export function lazy<T>(make: () => Schema<T>): Schema<T> {
  const item = once(make);
  const cost = once(() => footprint(item()));
  const schema: Wrapper = laidOut(item, {
    kind: "lazy" as const,
    // It is counted as it is read.
    memory: 0,
    get nullable() {
      return item().nullable;
    },
    get item() {
      return item();
    },
    text(): string {
      const known = met.get(item());
      if (known !== undefined) return `@${known}`;
      const number = met.size;
      met.set(item(), number);
      try {
        return `@${number}=${signature(item())}`;
      } finally {
        // Each recursive type that is not inside another is numbered by itself.
        if (number === 0) met.clear();
      }
    },
    write(writer: Writer, at: number, value: unknown) {
      descend(writer);
      item().write(writer, at, value as T);
      writer.depth--;
    },
    read(reader: Reader, at: number) {
      dive(reader, at, cost());
      const value = item().read(reader, at);
      reader.depth++;
      return value;
    },
  });
  return schema as Schema<unknown> as Schema<T>;
}
