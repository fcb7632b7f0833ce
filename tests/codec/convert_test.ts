import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import {
  array,
  box,
  btreeMap,
  CodecError,
  convert,
  lazy,
  map,
  option,
  result,
  type Schema,
  string,
  struct,
  tuple,
  u32,
  variants,
  vec,
  view,
} from "../../codec/mod.ts";
import { BACKENDS } from "../support/backends.ts";

/** Texts that get longer at each read: from inline to out of line, and beyond. */
function growing(): { schema: Schema<string>; calls: () => number } {
  let calls = 0;
  const schema = convert(string, {
    expected: "a text",
    decode: (text) => text,
    encode: (text: string) => `${text}${"!".repeat(5 * ++calls)}`,
  });
  return { schema, calls: () => calls };
}

/** Types that contain texts, a value for given texts, and the number of texts. */
const TYPES: readonly (readonly [
  name: string,
  texts: number,
  of: (text: Schema<string>) => Schema<unknown>,
  value: (next: () => string) => unknown,
])[] = [
  ["a field", 1, (t) => struct({ a: t, b: u32 }), (next) => ({ a: next(), b: 7 })],
  ["fields", 2, (t) => struct({ a: t, b: t }), (next) => ({ a: next(), b: next() })],
  ["items of a vec", 3, (t) => vec(t), (next) => [next(), next(), next()]],
  [
    "structs in a vec",
    4,
    (t) => vec(struct({ a: t, b: t })),
    (next) => [{ a: next(), b: next() }, { a: next(), b: next() }],
  ],
  ["an array", 2, (t) => array(t, 2), (next) => [next(), next()]],
  ["a long array", 20, (t) => array(t, 20), (next) => Array.from({ length: 20 }, next)],
  ["a box", 1, (t) => box(t), (next) => next()],
  ["boxes in a vec", 2, (t) => vec(box(t)), (next) => [next(), next()]],
  ["an option", 1, (t) => option(t), (next) => next()],
  [
    "a result",
    2,
    (t) => vec(result(t, t)),
    (next) => [{ ok: next() }, { err: next() }],
  ],
  ["a tuple", 2, (t) => tuple(t, t), (next) => [next(), next()]],
  [
    "variants",
    3,
    (t) => vec(variants({ one: t, both: [t, t] })),
    (next) => [{ type: "one", value: next() }, { type: "both", value: [next(), next()] }],
  ],
  ["a recursive type", 1, (t) => lazy(() => t), (next) => next()],
  ["two conversions", 1, (t) => convert(t, SAME), (next) => next()],
  ["values of a map", 2, (t) => map(u32, t), (next) => new Map([[1, next()], [2, next()]])],
  ["keys of a map", 1, (t) => map(t, u32), (next) => new Map([[next(), 1]])],
  ["values of a tree", 2, (t) => btreeMap(u32, t), (next) => new Map([[1, next()], [2, next()]])],
  ["keys of a tree", 2, (t) => btreeMap(t, u32), (next) => new Map([[next(), 1], [next(), 2]])],
];

const SAME = { expected: "a text", decode: (v: string) => v, encode: (v: string) => v };

/** Every text of a value, in order. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value === "one" || value === "both" ? [] : [value];
  if (value instanceof Map) return [...value].flatMap(textsOf);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

for (const { name: backend, encode, decode, validate } of BACKENDS) {
  for (const [name, texts, of, value] of TYPES) {
    test(`encode() converts ${name} once, by ${backend}`, () => {
      {
        const { schema, calls } = growing();
        let asked = 0;
        const given = value(() => `text ${asked++}`);
        const type = of(schema);
        const archive = encode(type, given);
        assertEquals(calls(), texts);
        // The first conversion is written, each text in its own place.
        const read = textsOf(decode(type, archive)).sort();
        const found = read.map((text) => text.replaceAll("!", ""));
        assertEquals(found, Array.from({ length: texts }, (_, i) => `text ${i}`).sort());
        const marks = read.map((text) => text.length - text.replaceAll("!", "").length);
        assertEquals(
          marks.sort((a, b) => a - b),
          Array.from({ length: texts }, (_, i) => 5 * (i + 1)),
        );
      }
    });
  }

  test(`keys that are converted to equal ones are DuplicateKey, by ${backend}`, () => {
    {
      const number = convert(u32, {
        expected: "digits",
        decode: (value) => String(value),
        encode: (text: string) => Number(text),
      });
      for (const schema of [map(number, u32), btreeMap(number, u32)]) {
        const error = assertThrows(
          () => encode(struct({ ages: schema }), { ages: new Map([["1", 1], ["01", 2]]) }),
          CodecError,
        );
        assertEquals([error.code, error.path], ["DuplicateKey", "ages"]);
        const apart = new Map([["1", 1], ["2", 2]]);
        assertEquals(decode(schema, encode(schema, apart)), apart);
      }
    }
  });

  test(`a map's keys are looked up as Rust wrote them, whatever they are converted to, by ${backend}`, () => {
    {
      const lower = convert(string, {
        expected: "a text",
        decode: (text) => text.toLowerCase(),
        encode: (text: string) => text,
      });
      const archive = encode(map(string, u32), new Map([["ONE", 1], ["Two", 2]]));
      validate(map(lower, u32), archive);
      const read = decode(map(lower, u32), archive);
      assertEquals([read.get("one"), read.get("two")], [1, 2]);
    }
  });

  test(`what a conversion throws becomes a CodecError when reading, by ${backend}`, () => {
    {
      const failing = convert(string, {
        expected: "a text",
        decode: (): string => {
          throw new RangeError("no such text");
        },
        encode: (text: string) => text,
      });
      const types: readonly Schema<unknown>[] = [
        struct({ a: failing }),
        vec(failing),
        map(failing, u32),
        btreeMap(failing, u32),
        map(tuple(failing), u32),
      ];
      const plain: readonly Uint8Array[] = [
        encode(struct({ a: string }), { a: "x" }),
        encode(vec(string), ["x"]),
        encode(map(string, u32), new Map([["x", 1]])),
        encode(btreeMap(string, u32), new Map([["x", 1]])),
        encode(map(tuple(string), u32), new Map([[["x"] as [string], 1]])),
      ];
      types.forEach((type, i) => {
        const archive = plain[i]!;
        assertEquals(assertThrows(() => decode(type, archive), CodecError).code, "BadValue");
        assertThrows(() => JSON.stringify(seen(view(type, archive))), CodecError);
      });
      const keyed = view(map(failing, u32), plain[2]!);
      assertEquals(assertThrows(() => keyed.get("x"), CodecError).code, "BadValue");
    }
  });
}

/** Touch all that a view shows. */
function seen(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, seen);
  return Object.keys(Object.getPrototypeOf(value)).map((key) =>
    seen((value as Record<string, unknown>)[key])
  );
}
