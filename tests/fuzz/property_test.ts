import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { deepStrictEqual } from "node:assert";
import { test } from "node:test";
import * as c from "../../codec/mod.ts";
import { signature } from "../../codec/signature.ts";
import { BACKENDS } from "../support/backends.ts";
import { checkView, mutate, randomFrom, readBoth, SEED } from "./support.ts";

type AnySchema = c.Schema<unknown>;

/** A type, and its values. */
interface Type {
  readonly schema: AnySchema;
  readonly values: fc.Arbitrary<unknown>;
}

function type<T>(schema: c.Schema<T>, values: fc.Arbitrary<unknown>): Type {
  return { schema: schema as AnySchema, values };
}

const text = fc.string({ unit: "grapheme", maxLength: 12 });
/** Not NaN, whose bits are not preserved in a number. */
const f64s = fc.double({ noNaN: true });

const KEYS: Type[] = [
  type(c.u8, fc.nat(255)),
  type(c.u32, fc.nat(2 ** 32 - 1)),
  type(c.i16, fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })),
  type(c.u64, fc.bigInt(0n, 2n ** 64n - 1n)),
  type(c.bool, fc.boolean()),
  type(c.string, text),
  // Over the initial size of the hasher's buffer.
  type(c.string, fc.string({ minLength: 56, maxLength: 140 })),
  type(c.array(c.u64, 8), fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { minLength: 8, maxLength: 8 })),
];

const LEAVES: Type[] = [
  ...KEYS,
  type(c.i128, fc.bigInt(-(2n ** 127n), 2n ** 127n - 1n)),
  type(c.f64, f64s),
  type(c.f32, fc.float({ noNaN: true })),
  type(c.char, fc.string({ unit: "binary", minLength: 1, maxLength: 1 })),
  type(c.boxStr, text),
  type(c.bytes, fc.uint8Array({ maxLength: 9 })),
  type(c.unit, fc.constant(undefined)),
  type(c.nonZero(c.u16), fc.integer({ min: 1, max: 65_535 })),
  type(c.uuid, fc.uint8Array({ minLength: 16, maxLength: 16 })),
];

const names = fc.uniqueArray(
  fc.constantFrom("a", "b", "bC", "constructor", "then", "x-y", "длина", "__proto__", "size", "at"),
  { minLength: 1, maxLength: 5 },
);

/** An object with own properties of any name. */
function record(keys: readonly string[], parts: readonly unknown[]): Record<string, unknown> {
  const made = {};
  keys.forEach((key, i) =>
    Object.defineProperty(made, key, {
      value: parts[i],
      enumerable: true,
      configurable: true,
      writable: true,
    })
  );
  return made;
}

function all(types: readonly Type[]): fc.Arbitrary<unknown[]> {
  return fc.tuple(...types.map(({ values }) => values));
}

function schemas(types: readonly Type[]): AnySchema[] {
  return types.map(({ schema }) => schema);
}

function typesOf(depth: number): fc.Arbitrary<Type> {
  const leaf = fc.constantFrom(...LEAVES);
  if (depth === 0) return leaf;
  const inner = typesOf(depth - 1);
  const keys = fc.constantFrom(...KEYS);
  const several = fc.array(inner, { minLength: 1, maxLength: 5 });
  return fc.oneof(
    leaf,
    inner.map((t) => type(c.vec(t.schema), fc.array(t.values, { maxLength: 4 }))),
    inner.map((t) => type(c.boxSlice(t.schema), fc.array(t.values, { maxLength: 4 }))),
    inner.map((t) => type(c.box(t.schema), t.values)),
    fc.tuple(inner, fc.nat(3)).map(([t, n]) =>
      type(c.array(t.schema, n), fc.array(t.values, { minLength: n, maxLength: n }))
    ),
    inner.map((t) => {
      const some = t.schema.nullable ? t.values.map((value) => ({ some: value })) : t.values;
      return type(c.option(t.schema), fc.option(some));
    }),
    fc.tuple(inner, inner).map(([ok, err]) =>
      type(
        c.result(ok.schema, err.schema),
        fc.oneof(ok.values.map((v) => ({ ok: v })), err.values.map((v) => ({ err: v }))),
      )
    ),
    several.map((ts) => type(c.tuple(...schemas(ts)), all(ts))),
    several.map((ts) => type(c.tupleStruct(...schemas(ts)), all(ts))),
    fc.tuple(names, fc.array(inner, { minLength: 5, maxLength: 5 })).map(([keys, ts]) => {
      const used = ts.slice(0, keys.length);
      return type(
        c.struct(record(keys, schemas(used)) as c.Fields),
        all(used).map((parts) => record(keys, parts)),
      );
    }),
    fc.tuple(names, several).map(([keys, ts]) => {
      const variants = c.variants({
        none: null,
        one: ts[0]!.schema,
        items: schemas(ts),
        named: record(keys.slice(0, ts.length), schemas(ts.slice(0, keys.length))) as c.Fields,
      });
      return type(
        variants,
        fc.oneof(
          fc.constant({ type: "none" }),
          ts[0]!.values.map((value) => ({ type: "one", value })),
          all(ts).map((value) => ({ type: "items", value })),
          all(ts).map((parts) =>
            record(["type", ...keys.slice(0, ts.length)], ["named", ...parts.slice(0, keys.length)])
          ),
        ),
      );
    }),
    fc.tuple(keys, inner).chain(([key, t]) => {
      const maps = fc.array(fc.tuple(key.values, t.values), { maxLength: 6 }).map((e) =>
        new Map(e)
      );
      return fc.constantFrom(
        type(c.map(key.schema, t.schema), maps),
        type(c.btreeMap(key.schema, t.schema), maps),
      );
    }),
    keys.chain((key) => {
      const sets = fc.array(key.values, { maxLength: 6 }).map((items) => new Set(items));
      return fc.constantFrom(type(c.set(key.schema), sets), type(c.btreeSet(key.schema), sets));
    }),
  );
}

const cases = typesOf(3).chain(({ schema, values }) =>
  fc.tuple(fc.constant(schema), values, fc.nat())
).map(([schema, value, seed]) => ({
  schema,
  value,
  seed,
  [fc.toStringMethod]: () => signature(schema),
}));

test(`any value of any type comes back, by all backends and views (seed ${SEED})`, () => {
  const run = ({ schema, value, seed }: { schema: AnySchema; value: unknown; seed: number }) => {
    const archives = BACKENDS.map((backend) => {
      const archive = backend.encode(schema, value);
      const read = readBoth(backend, schema, archive);
      deepStrictEqual(read, { value });
      checkView(schema, archive, read);
      return archive;
    });
    assertEquals(archives[0], archives[1]);

    const random = randomFrom(seed);
    const damaged = Array.from({ length: 4 }, () => mutate(archives[0]!, random));
    const [generated, plain] = BACKENDS.map((backend) =>
      damaged.map((bytes) => readBoth(backend, schema, bytes))
    );
    deepStrictEqual(generated, plain);
    damaged.forEach((bytes, i) => checkView(schema, bytes, plain![i]!));
  };
  fc.assert(fc.property(cases, run), { seed: SEED, numRuns: 400 });
});
