import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import {
  array,
  box,
  btreeMap,
  btreeSet,
  type CodecError,
  decode,
  encode,
  encodeInto,
  f64,
  ip,
  isize,
  lazy,
  map,
  nonZero,
  option,
  range,
  result,
  type Schema,
  set,
  string,
  struct,
  tuple,
  tupleStruct,
  u64,
  u8,
  unit,
  validate,
  variants,
  vec,
  view,
  withDefault,
} from "../../codec/mod.ts";
import { interpret, writeArchive } from "../../codec/archive.ts";
import { checkSchema } from "../../codec/check.ts";
import { Writer } from "../../codec/writer.ts";

const undeclared = undefined as unknown as Schema<number>;
const key = (schema: Schema<unknown>): Schema<unknown> => map(schema, u8) as Schema<unknown>;
const twelve = [u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8];

type Any = Schema<unknown>;

/** A type that contains itself, as `make` has it. */
function itself(make: (own: Any) => Any): Any {
  const own: Any = make(lazy(() => own));
  return own;
}

/** One that is made anew for each of its parts. */
const anew = (): Any => struct({ children: vec(lazy(anew)) });
const anewInline = (): Any => struct({ next: option(lazy(anewInline)) });

/** One that was given itself after it was made. */
function given(name: string, part: (own: Any) => Any): Any {
  const fields: Record<string, Any> = { a: u8 };
  const own = struct(fields) as Any;
  fields[name] = part(own);
  return own;
}

/** Wrong declarations, and their messages. */
const WRONG: readonly (readonly [text: string, make: () => Schema<unknown>])[] = [
  ['name a field "0"', () => struct({ 0: u8 })],
  ['name a field ""', () => struct({ "": u8 })],
  ['name a variant "7"', () => variants({ 7: null }) as Schema<unknown>],
  ['name a field of variant a "type"', () => variants({ a: { type: u8 } }) as Schema<unknown>],
  ["make variant a", () => variants({ a: 5 as unknown as null }) as Schema<unknown>],
  ["variant b of the type: it is undefined", () => variants({ a: null, b: undeclared })],
  ["make variants: there are none", () => variants({}) as Schema<unknown>],
  ["make a tuple of 0", () => tuple() as Schema<unknown>],
  ["make a tuple of 13", () => tuple(...twelve, u8) as Schema<unknown>],
  ["make an array of -1", () => array(u8, -1)],
  ["make an array of 1.5", () => array(u8, 1.5)],
  ["make an array of 33554433 in the type: expected at most", () => array(u8, 2 ** 25 + 1)],
  ["make an array of 2147483647", () => array(u8, 2 ** 31 - 1)],
  ["make an array of 2147483647", () => array(unit, 2 ** 31 - 1)],
  ["make an array of 1e+300", () => array(u8, 1e300)],
  ["make an array of 4096 in the type", () => array(array(unit, 8193), 4096)],
  ["make an array of 16777217 in the type", () => array(struct({ a: u64, b: u64 }), 2 ** 24 + 1)],
  [
    "Cannot use the type: the type at next contains itself inline",
    () => itself((own) => struct({ a: u8, next: option(own) }) as Any),
  ],
  [
    "the type at pair.0 contains itself",
    () => itself((own) => struct({ pair: tuple(own) }) as Any),
  ],
  ["the type at add.left", () => itself((own) => variants({ one: u8, add: { left: own } }) as Any)],
  ["the type at not.value", () => itself((own) => variants({ one: u8, not: own }) as Any)],
  ["the type at 1 contains itself", () => itself((own) => tupleStruct(u8, array(own, 0)) as Any)],
  ["the type at ok contains itself", () => itself((own) => struct({ ok: result(u8, own) }) as Any)],
  ["the type: it contains itself inline", () => itself((own) => own)],
  ["the type at key contains itself without lazy()", () => given("key", (own) => map(u8, own))],
  ["the type at next contains itself without lazy()", () => given("next", (own) => own)],
  ["its lazy() makes another each time", anew],
  ["the type at next.next", anewInline],
  ["make string non-zero", () => nonZero(string as unknown as Schema<number>)],
  [
    "(u8,hashset<u8>) as the key of a btreemap: a hash map has no order",
    () => btreeMap(tuple(u8, set(u8)), u8),
  ],
  ["f64 as the key of a hashmap: f64 does not implement Hash", () => key(f64)],
  ["isize as the key of a hashmap: rkyv hashes", () => key(isize)],
  ["ip as the key of a hashset: Rust's std", () => set(ip)],
  ["range<u8> as the key of a hashmap", () => key(range(u8))],
  ["enum{a,b} as the key of a hashmap: rkyv", () => key(variants({ a: null, b: null }))],
  ["a recursive type cannot be", () => key(vec(lazy(() => u8)))],
  ["field a of the type: it is undefined", () => struct({ a: undeclared })],
  ["field a of the type: it is no schema", () => struct({ a: 7 as unknown as Schema<number> })],
  ["field 1 of a tuple in the type: it is undefined", () => tuple(u8, undeclared)],
  ["field 0 of the type: it is undefined", () => tupleStruct(undeclared)],
  ["field x of variant a of the type", () => variants({ a: { x: undeclared } })],
  ["the inside of a vec in the type", () => vec(undeclared)],
  ["the inside of a box in the type", () => box(undeclared)],
  ["the inside of a lazy in the type", () => lazy(() => undeclared)],
  ["the element of an array in the type", () => array(undeclared, 2)],
  ["what is not zero in the type", () => nonZero(undeclared)],
  ["field some of option in the type", () => option(undeclared) as Schema<unknown>],
  ["field err of result in the type", () => result(u8, undeclared)],
  ["the key of a hashmap in the type", () => key(undeclared)],
  ["the value of a hashmap in the type", () => map(u8, undeclared)],
  ["the key of a btreeset in the type", () => btreeSet(undeclared)],
  ["the value of a btreemap in the type", () => btreeMap(u8, undeclared)],
  ["expected u8, got number 256", () => withDefault(u8, 256)],
];

for (const [text, make] of WRONG) {
  test(`an invalid declaration can be made, and is refused where it is used: ${text}`, () => {
    const schema = make();
    // Twice: a refused schema must not pass the second time.
    for (let time = 0; time < 2; time++) {
      assertThrows(() => checkSchema("the type", schema), Error, text);
      assertThrows(() => checkSchema("the type", vec(option(schema))), Error);
    }
    assertThrows(() => encode(schema, 1));
    assertThrows(() => view(schema, new Uint8Array(64)));
  });
}

test("encode(), decode(), validate() and view() look at a declaration before they use it", () => {
  const schema = struct({ 0: u8 });
  const uses: readonly (() => unknown)[] = [
    () => encode(schema, { 0: 1 }),
    () => encodeInto(schema, { 0: 1 }, new Uint8Array(8)),
    () => decode(schema, Uint8Array.of(1)),
    () => validate(schema, Uint8Array.of(1)),
    () => view(schema, Uint8Array.of(1)),
  ];
  for (const use of uses) assertThrows(use, TypeError, "Cannot name a field");
});

test("checkSchema() follows a recursive type once, and comes back", () => {
  interface Tree {
    kids: readonly Tree[];
    bad: number;
  }
  const good: Schema<Tree> = struct({ kids: vec(lazy(() => good)), bad: u8 });
  checkSchema("the tree", good);
  const bad: Schema<Tree> = struct({ kids: vec(lazy(() => bad)), bad: undeclared });
  for (let time = 0; time < 2; time++) {
    assertThrows(() => checkSchema("the tree", bad), TypeError, "field bad of the tree");
  }
});

test("checkSchema() takes a type that contains itself behind a pointer, and an array of any use", () => {
  const ends: readonly ((own: Any) => Any)[] = [
    (own) => struct({ next: option(box(own)) }) as Any,
    (own) => struct({ children: vec(own), named: map(string, own), by: btreeMap(u8, own) }) as Any,
    (own) => variants({ one: u8, add: [box(own), box(own)] }) as Any,
    (own) => option(box(own)) as Any,
  ];
  for (const make of ends) checkSchema("the type", itself(make));
  // A type that is there twice is not inside itself.
  const point = struct({ x: u8 });
  checkSchema("the type", struct({ a: point, b: struct({ c: point }), d: tuple(point, point) }));
  checkSchema("the type", array(u8, 2 ** 25));
  checkSchema("the type", array(array(u64, 4096), 8192));
});

test("a default that is no value of its type is refused where it is needed", () => {
  const schema = withDefault(struct({ size: u8 }), { size: 256 });
  const error = assertThrows(() => checkSchema("the type", schema)) as CodecError;
  assertEquals([error.code, error.path], ["BadValue", "size"]);
  // It is no default that is written.
  assertEquals(writeArchive(interpret, schema, new Writer(), { size: 7 }), 1);
});
