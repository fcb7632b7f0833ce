import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { test } from "node:test";
import { BACKENDS } from "../support/backends.ts";
import {
  array,
  bool,
  box,
  boxSlice,
  boxStr,
  btreeMap,
  btreeSet,
  bytes,
  char,
  CodecError,
  convert,
  cString,
  decode,
  defaultOf,
  duration,
  encode,
  encodeInto,
  f32,
  f64,
  i64,
  i8,
  ip,
  lazy,
  map,
  nonZero,
  option,
  range,
  rangeFrom,
  result,
  type Schema,
  set,
  signature,
  socketAddrV4,
  string,
  struct,
  tuple,
  tupleStruct,
  u128,
  u128Align8,
  u16,
  u32,
  u64,
  u8,
  unit,
  uuid,
  validate,
  variants,
  vec,
  view,
  withDefault,
} from "../../codec/mod.ts";
import type { Sum } from "../../codec/schema.ts";

interface Tree {
  readonly kids: readonly Tree[];
}
const Tree: Schema<Tree> = struct({ kids: vec(lazy(() => Tree)) }) as unknown as Schema<Tree>;
const date = convert(i64, {
  expected: "a Date",
  decode: (ms) => new Date(Number(ms)),
  encode: (value: Date) => BigInt(value.getTime()),
});

/** Part of the handshake: a change here makes peers of different versions distrust each other. */
const DESCRIPTIONS: readonly (readonly [Schema<never>, string])[] = [
  [u8, "u8"],
  [u128, "u128"],
  [u128Align8, "u128@8"],
  [f32, "f32"],
  [unit, "unit"],
  [string, "string"],
  [boxStr, "boxstr"],
  [cString, "cstring"],
  [bytes, "vec<u8>"],
  [vec(u8), "vec<u8>"],
  [boxSlice(u16), "boxslice<u16>"],
  [array(bool, 3), "[bool;3]"],
  [option(char), "option<char>"],
  [result(u8, string), "result<u8,string>"],
  [box(f64), "box<f64>"],
  [tuple(u8, u16), "(u8,u16)"],
  [tupleStruct(u8, u16), "struct(u8,u16)"],
  [struct({ a: u8, b: u16 }), "struct{a:u8,b:u16}"],
  [struct({ a: u8 }, { repr: "C" }), "struct@C{a:u8}"],
  [struct({ "a:u8,b": u16 }), 'struct{"a:u8,b":u16}'],
  [variants({ a: null, b: u8, c: [u8, u16], d: { e: u8 } }), "enum{a,b(u8),c(u8,u16),d{e:u8}}"],
  [variants({ "a,b": null }), 'enum{"a,b"}'],
  [map(string, u8), "hashmap<string,u8>"],
  [set(u8), "hashset<u8>"],
  [btreeMap(u8, unit), "btreemap<u8,unit>"],
  [btreeSet(u8), "btreeset<u8>"],
  [range(u8), "range<u8>"],
  [nonZero(u8), "nonzero<u8>"],
  [duration, "duration"],
  [ip, "ip"],
  [socketAddrV4, "sockv4"],
  [uuid, "uuid"],
  [date, "i64"],
  [withDefault(u8, 7), "u8"],
  [Tree, "struct{kids:vec<@0=struct{kids:vec<@0>}>}"],
] as unknown as readonly (readonly [Schema<never>, string])[];

test("signature() stays what it is", () => {
  for (const [schema, text] of DESCRIPTIONS) assertEquals(signature(schema), text);
});

test("signature() tells recursive types apart, without expanding each in each", () => {
  type Node = Schema<unknown>;
  const made = (inner: (a: () => Node, b: () => Node) => Node): string => {
    const a: Node = struct({ b: vec(lazy(() => b)) }) as Node;
    const b: Node = inner(() => a, () => b);
    return signature(a);
  };
  const toA = made((a) => struct({ next: vec(lazy(a)) }) as Node);
  const toB = made((_a, b) => struct({ next: vec(lazy(b)) }) as Node);
  assertEquals(toA === toB, false);
  const names = Array.from({ length: 30 }, (_, i) => `f${i}`);
  const wide: Node = struct(
    Object.fromEntries(names.map((name) => [name, vec(lazy(() => wide))])),
  ) as Node;
  assertEquals(signature(wide).length < 20_000, true);
});

/** An invalid value, the place of its fault, and the expected and actual value in the message. */
const REFUSED: readonly (readonly [Schema<never>, unknown, string, string, string, string?])[] = [
  [u32, 2 ** 32, "", "u32, an integer from 0 to 4294967295", "got 4294967296"],
  [u32, -1, "", "u32", "got -1"],
  [u32, 1.5, "", "u32", "got 1.5"],
  [u32, NaN, "", "u32", "got NaN"],
  [u32, "1", "", "u32", 'got "1"'],
  [u32, 1n, "", "u32", "got 1n"],
  [i8, 128, "", "from -128 to 127", "got 128"],
  [u64, 1, "", "u64, a bigint", "got 1"],
  [u64, 2n ** 64n, "", "u64", "got 18446744073709551616n"],
  [i64, -(2n ** 63n) - 1n, "", "i64", "got -9223372036854775809n"],
  [f64, "1", "", "f64", 'got "1"'],
  [bool, 1, "", "bool", "got 1"],
  [char, "ab", "", "char", 'got "ab"'],
  [char, "\ud800", "", "char", "got"],
  [string, "a\ud800", "", "without lone surrogates", "got"],
  [cString, "a\ud800", "", "without lone surrogates", "got"],
  [string, "\udc00 that is longer than seven bytes", "", "without lone surrogates", "got"],
  [string, null, "", "a string", "got null"],
  [bytes, [1], "", "a Uint8Array", "got an array of 1"],
  [nonZero(u8), 0, "", "not 0", "got 0"],
  [vec(u8), [1, 256], "[1]", "u8", "got 256"],
  [array(u8, 2), [1], "", "an array of 2", "got an array of 1"],
  [tuple(u8, u8), [1, 2, 3], "", "an array of 2", "got an array of 3"],
  [struct({ a: u8 }), {}, "a", "u8, an integer", "got undefined"],
  [
    struct({ a: struct({ b: vec(string) }) }),
    { a: { b: ["x", 7] } },
    "a.b[1]",
    "a string",
    "got 7",
  ],
  [struct({ a: u8 }), [1], "", "an object", "got an array of 1"],
  [variants({ a: null, b: u8 }), { type: "c" }, "type", '"a", "b"', 'got "c"'],
  [variants({ b: u8 }), { type: "b", value: "x" }, "value", "u8", 'got "x"'],
  [variants({ b: [u8, u8] }), { type: "b", value: [1] }, "value", "an array of 2", "an array of 1"],
  [option(option(u8)), 7, "", "null or { some }", "got 7"],
  [option(option(u8)), { some: 256 }, "some", "u8", "got 256"],
  [result(u8, u8), { neither: 1 }, "", "{ ok } or { err }", "got an object"],
  [result(u8, u8), { err: -1 }, "err", "u8", "got -1"],
  [map(string, u8), { a: 1 }, "", "a Map", "got an object"],
  [map(string, u8), new Map([["a", 256]]), 'get("a")', "u8", "got 256"],
  [set(u8), [1], "", "a Set", "got an array of 1"],
  [duration, { secs: 1, nanos: 0 }, "", "a duration", "got"],
  [date, 7, "", "a Date", "got 7"],
  [
    map(tuple(u8), u8),
    new Map([[[1], 1], [[1], 2]]),
    "",
    "two keys are equal",
    "Rust",
    "DuplicateKey",
  ],
  [
    btreeMap(tuple(u8), u8),
    new Map([[[1], 1], [[1], 2]]),
    "",
    "two keys are equal",
    "Rust",
    "DuplicateKey",
  ],
] as unknown as readonly (readonly [Schema<never>, unknown, string, string, string, string?])[];

test("encode() names the invalid part of a value, what it expected and the actual value", () => {
  for (const [schema, value, path, expected, got, code] of REFUSED) {
    const error = assertThrows(() => encode(schema, value as never), CodecError);
    assertEquals([error.code, error.path, error.offset], [code ?? "BadValue", path, -1]);
    assertStringIncludes(error.message, expected);
    assertStringIncludes(error.message, got);
    assertEquals(encode(u8, 7), Uint8Array.of(7), "the shared writer is clean again");
  }
});

test("generated code leaves a kind that it does not know to the type's own functions", () => {
  const unknown: Schema<string> = { ...boxStr, kind: "unknown" };
  for (
    const [known, own, value] of [
      [boxStr, unknown, "a text"],
      [vec(boxStr), vec(unknown), ["one", "another"]],
      [struct({ id: u32, text: boxStr }), struct({ id: u32, text: unknown }), { id: 1, text: "a" }],
      [array(option(boxStr), 2), array(option(unknown), 2), ["a", null]],
    ] as [Schema<unknown>, Schema<unknown>, unknown][]
  ) {
    const archive = encode(own, value);
    assertEquals(archive, encode(known, value));
    assertEquals(decode(own, archive), value);
  }
});

test("encodeInto() writes at the given position, and reports a lack of room", () => {
  const buffer = new Uint8Array(32).fill(9);
  const length = encodeInto(string, "longer than seven", buffer, 4);
  assertEquals(decode(string, buffer.slice(4, 4 + length)), "longer than seven");
  assertEquals([...buffer.slice(0, 4)], [9, 9, 9, 9]);
  for (let size = 0; size < length; size++) {
    const small = new Uint8Array(size);
    const error = assertThrows(() => encodeInto(string, "longer than seven", small), CodecError);
    assertEquals(error.code, "TooSmall");
  }
  const exact = new Uint8Array(length);
  for (let i = 0; i < 3; i++) assertEquals(encodeInto(string, "longer than seven", exact), length);
});

function nested(levels: number): Tree {
  let tree: Tree = { kids: [] };
  for (let i = 0; i < levels; i++) tree = { kids: [tree] };
  return tree;
}

test("recursive values go 64 levels deep, both ways", () => {
  const archive = encode(Tree, nested(64));
  assertEquals(decode(Tree, archive), nested(64));
  const inside = ".kids[0]".repeat(64).slice(1);
  const error = assertThrows(() => encode(Tree, nested(65)), CodecError);
  assertEquals([error.code, error.path], ["TooDeep", `${inside}.kids[0]`]);
  const limits = { maxDepth: 63, maxDecodedBytes: 1 << 20 };
  for (const read of [decode, validate]) {
    const error = assertThrows(() => read(Tree, archive, limits), CodecError);
    assertEquals(error.code, "TooDeep");
  }
});

for (const { name: backend, encode, decode } of BACKENDS) {
  test(`encode() takes another depth, by ${backend}`, () => {
    for (const maxDepth of [1, 5, 200]) {
      const limits = { maxDepth, maxDecodedBytes: 1 << 20 };
      const archive = encode(Tree, nested(maxDepth), limits);
      assertEquals(decode(Tree, archive, limits), nested(maxDepth));
      const error = assertThrows(() => encode(Tree, nested(maxDepth + 1), limits), CodecError);
      assertEquals([error.code, error.path.length], ["TooDeep", 8 * (maxDepth + 1) - 1]);
    }
    // A fault deep inside is found, and a value that contains itself does not loop.
    const wrong = { kids: [{ kids: [{ kids: 7 }] }] } as unknown as Tree;
    const deep = assertThrows(() => encode(Tree, wrong), CodecError);
    assertEquals([deep.code, deep.path], ["BadValue", "kids[0].kids[0].kids"]);
    const kids: Tree[] = [];
    kids.push({ kids });
    assertEquals(assertThrows(() => encode(Tree, { kids }), CodecError).code, "TooDeep");
    assertEquals(encode(Tree, nested(64)).length, encode(Tree, nested(64)).length);
  });
}

for (const { name: backend, encode } of BACKENDS) {
  test(`a struct is written of an object, whatever its fields, by ${backend}`, () => {
    const optional = { note: option(u32), other: option(string) };
    const structs: readonly Schema<unknown>[] = [
      struct(optional),
      struct({}),
      struct({ a: unit }),
      struct({ a: box(option(u8)) }),
      struct({ length: u32 }),
      struct({ name: string }),
      rangeFrom(option(u8)),
      ...(variants({ a: optional, b: {} }) as Schema<unknown> as Sum).arms,
    ];
    for (const schema of structs) {
      for (const value of [undefined, null, 7, 7n, "ab", true, Symbol("s"), [1], () => 7]) {
        const inside = assertThrows(() => encode(vec(schema), [value]), CodecError);
        assertEquals(inside.code, "BadValue");
        assertEquals(assertThrows(() => encode(schema, value), CodecError).path, "");
      }
    }
  });
}

test("decode() counts the memory of items that take no bytes", () => {
  const schema = vec(unit);
  const archive = encode(schema, [undefined, undefined, undefined]);
  assertEquals(decode(schema, archive, { maxDepth: 1, maxDecodedBytes: 24 }).length, 3);
  const tooMany = () => decode(schema, archive, { maxDepth: 1, maxDecodedBytes: 23 });
  assertEquals(assertThrows(tooMany, CodecError).code, "TooLong");
});

test("decode() says where an archive is wrong", () => {
  const schema = struct({ tasks: vec(struct({ status: variants({ open: null, done: null }) })) });
  const archive = encode(schema, {
    tasks: Array.from({ length: 4 }, () => ({ status: { type: "open" } as const })),
  });
  archive[3] = 2;
  const error = assertThrows(() => decode(schema, archive), CodecError);
  assertEquals([error.code, error.path, error.offset], ["InvalidTag", "tasks[3].status", 3]);
});

test("names that objects cannot keep in order are refused, all others are kept", () => {
  for (const name of ["0", "7", "4294967294", ""]) {
    assertThrows(() => encode(struct({ [name]: u8 }), {}), TypeError, "Cannot name a field");
    assertThrows(() => validate(variants({ [name]: null }), Uint8Array.of(0)), TypeError);
    assertThrows(() => view(vec(variants({ [name]: null })), new Uint8Array(8)), TypeError);
  }
  const odd = struct({ ["__proto__"]: u8, constructor: u8, toString: u8, "a-b": u8 }) as Schema<
    unknown
  >;
  const archive = encode(odd, decode(odd, Uint8Array.of(1, 2, 3, 4)));
  assertEquals([...archive], [1, 2, 3, 4]);
});

test("variants take one tag byte up to 255 of them", () => {
  for (const [count, size] of [[1, 1], [255, 1], [256, 2]] as const) {
    const names = Array.from({ length: count }, (_, i) => `v${i}`);
    const schema = variants(Object.fromEntries(names.map((name) => [name, null])));
    const last = { type: names.at(-1)! };
    assertEquals(schema.size, size);
    assertEquals(decode(schema, encode(schema, last)) as unknown, last);
  }
});

test("defaultOf() is Rust's Default", () => {
  const rows: [Schema<unknown>, unknown][] = [
    [u8, 0],
    [u64, 0n],
    [bool, false],
    [char, "\0"],
    [string, ""],
    [vec(u8), []],
    [option(u8), null],
    [map(u8, u8), new Map()],
    [tuple(u8, string), [0, ""]],
    [struct({ a: u8 }), { a: 0 }],
    [variants({ a: null, b: u8 }), { type: "a" }],
    [withDefault(u8, 7), 7],
    [struct({ a: lazy(() => u8), b: box(lazy(() => string)) }), { a: 0, b: "" }],
  ] as [Schema<unknown>, unknown][];
  for (const [schema, value] of rows) assertEquals(defaultOf(schema), value);
  for (
    const schema of [result(u8, u8), nonZero(u8), uuid, variants({ a: u8 })] as Schema<unknown>[]
  ) {
    assertThrows(() => defaultOf(schema), TypeError);
  }
});
