/**
 * {@linkcode box} and {@linkcode lazy}.
 *
 * @module
 */
import { footprint } from "./footprint.ts";
import { once, type Schema, type Wrapper } from "./schema.ts";

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
    niche: undefined,
    flat: false,
    functions: undefined,
    item,
    get nullable() {
      return item.nullable;
    },
    write(writer, at, value) {
      const { size, align, flat } = item;
      const { mark } = writer;
      const inside = writer.begin(size, align, flat);
      item.write(writer, inside, value as T);
      writer.point(at, writer.end(inside, size, align, flat, mark));
    },
    read(reader, at) {
      const { high } = reader;
      const start = reader.enter(at, item.size, item.align);
      const value = item.read(reader, start);
      reader.leave(start, item.size, high);
      return value;
    },
  };
  return schema as Schema<unknown> as Schema<T>;
}

/**
 * A schema that is made when it is first needed, so that a type can contain itself.
 *
 * Values may nest 64 levels deep, both ways.
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
  const schema: Wrapper = {
    kind: "lazy",
    flat: false,
    functions: undefined,
    get item() {
      return item();
    },
    get size() {
      return item().size;
    },
    get align() {
      return item().align;
    },
    get niche() {
      return item().niche;
    },
    get nullable() {
      return item().nullable;
    },
    write(writer, at, value) {
      writer.descend();
      item().write(writer, at, value as T);
      writer.ascend();
    },
    read(reader, at) {
      reader.descend(at, cost());
      const value = item().read(reader, at);
      reader.ascend();
      return value;
    },
  };
  return schema as Schema<unknown> as Schema<T>;
}
