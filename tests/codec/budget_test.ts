import {
  array,
  bool,
  btreeSet,
  bytes,
  CodecError,
  convert,
  f32,
  f64,
  i16,
  lazy,
  map,
  materialize,
  option,
  result,
  type Schema,
  set,
  string,
  struct,
  tuple,
  u16Array,
  u32,
  u8,
  unit,
  variants,
  vec,
  view,
} from "../../codec/mod.ts";
import { BACKENDS } from "../support/backends.ts";
import { footprint } from "../../codec/parts.ts";
import { DEFAULT_DECODE_LIMITS } from "../../codec/reader.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";

interface Tree {
  readonly kids: readonly Tree[];
}
const Tree: Schema<Tree> = struct({ kids: vec(lazy(() => Tree)) });

/** Elements whose archive of zeros is valid, and far smaller than the value in memory. */
const SMALL: Readonly<Record<string, Schema<unknown>>> = {
  unit,
  bool,
  u8,
  "empty struct": struct({}),
  struct: struct({ a: u8 }),
  tuple: tuple(u8),
  "unit variant": variants({ a: null, b: null }),
  "variant with items": variants({ a: [u8, u8], b: null }),
  option: option(option(u8)),
  result: result(u8, u8),
  array: array(u8, 1),
  convert: convert(u8, { expected: "a Date", decode: (n) => new Date(n), encode: () => 0 }),
  string,
};

/** A vec of `count` zero elements. */
function zeros({ size }: Schema<unknown>, count: number): Uint8Array<ArrayBuffer> {
  const room = Math.ceil(count * size / 8) * 8;
  const archive = new Uint8Array(room + 8);
  const root = new DataView(archive.buffer, room);
  root.setInt32(0, -room, true);
  root.setUint32(4, count, true);
  return archive;
}

/** Values of which the third exceeds a memory limit. */
const OUT_OF_LINE: readonly (readonly [string, Schema<unknown>, unknown, bytes: number])[] = [
  ["bytes", bytes, new Uint8Array(0), 8 + 320],
  ["a number array", u16Array, new Uint16Array(0), 8 + 320],
  ["vecs", vec(u8), [], 8 + 48],
  ["maps", map(u8, u8), new Map(), 8 + 256],
  ["entries of a map", map(u8, u8), new Map([[1, 1]]), 8 + 256 + 128],
  ["entries of a set", set(u8), new Set([1]), 8 + 256 + 128],
  ["entries of a tree", btreeSet(u8), new Set([1]), 8 + 256 + 384 + 128],
  // Each child is a slot and a struct with a vec, and so on down.
  ["a recursive type", Tree, { kids: [{ kids: [] }] }, (8 + 24 + 8 + 48) + (8 + 24 + 8 + 48)],
];

function codeOf(run: () => unknown): string {
  try {
    run();
    return "fits";
  } catch (error) {
    return error instanceof CodecError ? error.code : String(error);
  }
}

for (const { name: how, decode, encode, validate } of BACKENDS) {
  const check = (name: string, run: () => void): void => void test(`${how}: ${name}`, run);

  for (const [name, item] of Object.entries(SMALL)) {
    check(`a vec of ${name} takes its elements' memory, not its bytes`, () => {
      const schema = vec(item);
      const most = Math.floor(
        DEFAULT_DECODE_LIMITS.maxDecodedBytes / 100 / (8 + footprint(item)),
      );
      const limits = { maxDepth: 64, maxDecodedBytes: most * (8 + footprint(item)) };
      for (const read of [decode, validate]) {
        assertEquals(codeOf(() => read(schema, zeros(item, most), limits)), "fits");
        assertEquals(codeOf(() => read(schema, zeros(item, most + 1), limits)), "TooLong");
      }
      const seen = () => materialize(view(schema, zeros(item, most + 1), limits));
      assertEquals(codeOf(seen), "TooLong");
    });
  }

  for (const [name, item, value, bytes] of OUT_OF_LINE) {
    check(`${name} take memory`, () => {
      const schema = vec(item);
      const limits = { maxDepth: 64, maxDecodedBytes: 2 * bytes };
      const [two, three] = [[value, value], [value, value, value]].map((v) => encode(schema, v));
      for (const read of [decode, validate]) {
        assertEquals(codeOf(() => read(schema, two!, limits)), "fits");
        assertEquals(codeOf(() => read(schema, three!, limits)), "TooLong");
        // One byte less, and two are too many as well.
        const less = { maxDepth: 64, maxDecodedBytes: 2 * bytes - 1 };
        assertEquals(codeOf(() => read(schema, two!, less)), "TooLong");
      }
    });
  }

  check("ten bytes that say four billion are refused before an array is made", () => {
    const before = zeros(unit, 0xffff_ffff);
    for (let i = 0; i < 1000; i++) {
      const error = assertThrows(() => decode(vec(unit), before), CodecError);
      assertEquals([error.code, error.offset], ["TooLong", 0]);
    }
  });

  check("numbers in an array take their slots, and no more", () => {
    for (const [item, zero] of [[u8, 0], [u32, 0], [i16, 0], [f32, 0], [f64, 0]] as const) {
      const archive = encode(vec(item), new Array<number>(100).fill(zero));
      assertEquals(
        codeOf(() => decode(vec(item), archive, { maxDepth: 1, maxDecodedBytes: 800 })),
        "fits",
      );
      assertEquals(
        codeOf(() => decode(vec(item), archive, { maxDepth: 1, maxDecodedBytes: 799 })),
        "TooLong",
      );
    }
  });

  check("a MiB of numbers, of short strings or of rows is within the default budget", () => {
    const Row = struct({ id: u32, name: string, score: f64 });
    const row = { id: 1, name: "a name", score: 0.5 };
    const MiB: readonly (readonly [Schema<unknown>, unknown])[] = [
      [u8, 1],
      [bool, true],
      [u32, 0xffff_ffff],
      [f64, 0.5],
      [string, "12345678"],
      [Row, row],
    ] as [Schema<unknown>, unknown][];
    for (const [item, value] of MiB) {
      const values = new Array<unknown>(((1 << 20) - 64) / item.size | 0).fill(value);
      assertEquals(codeOf(() => decode(vec(item), encode(vec(item), values))), "fits");
    }
  });

  check("each archive has a separate budget", () => {
    const limits = { maxDepth: 64, maxDecodedBytes: 80 };
    for (let i = 0; i < 10; i++) {
      assertEquals(codeOf(() => decode(vec(unit), zeros(unit, 10), limits)), "fits");
    }
  });
}
