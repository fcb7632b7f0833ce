import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { test } from "node:test";
import { checkSchema } from "../../codec/check.ts";
import * as codec from "../../codec/mod.ts";
import { type Backend, BACKENDS } from "../support/backends.ts";

type Numbers = ArrayLike<number | bigint> & Iterable<number | bigint> & ArrayBufferView;

interface Row {
  readonly name: string;
  readonly schema: codec.Schema<Numbers>;
  readonly item: codec.Schema<number | bigint>;
  readonly values: Numbers;
}

function row<A extends Numbers>(
  name: string,
  schema: codec.Schema<A>,
  item: codec.Schema<number> | codec.Schema<bigint>,
  values: A,
): Row {
  return {
    name,
    schema: schema as unknown as codec.Schema<Numbers>,
    item: item as codec.Schema<number | bigint>,
    values,
  };
}

const ROWS: readonly Row[] = [
  row("i8Array", codec.i8Array, codec.i8, Int8Array.of(-128, 0, 127)),
  row("u16Array", codec.u16Array, codec.u16, Uint16Array.of(0, 1, 65_535)),
  row("i16Array", codec.i16Array, codec.i16, Int16Array.of(-32_768, -1, 32_767)),
  row("u32Array", codec.u32Array, codec.u32, Uint32Array.of(0, 1, 4_294_967_295)),
  row("i32Array", codec.i32Array, codec.i32, Int32Array.of(-2_147_483_648, -1, 2_147_483_647)),
  row("u64Array", codec.u64Array, codec.u64, BigUint64Array.of(0n, 1n, 2n ** 64n - 1n)),
  row("i64Array", codec.i64Array, codec.i64, BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 63n - 1n)),
  row("f32Array", codec.f32Array, codec.f32, Float32Array.of(-0, 0.5, -Infinity)),
  row("f64Array", codec.f64Array, codec.f64, Float64Array.of(-0, 0.1, Infinity)),
];

for (const backend of BACKENDS) {
  const c = { ...codec, ...backend };
  for (const { name, schema, item, values } of ROWS) {
    test(`${name} is archived as a Vec of its numbers, by ${backend.name}`, () => {
      const list = c.vec(item);
      for (const numbers of [values, emptyOf(values), partOf(values)]) {
        const archive = c.encode(schema, numbers);
        assertEquals(encodeHex(archive), encodeHex(c.encode(list, [...numbers])));
        c.validate(schema, archive);
        assertEquals(c.decode(schema, archive), numbers);
        const around = c.struct({ a: c.u8, numbers: schema, b: c.u8 });
        const value = { a: 1, numbers, b: 2 };
        assertEquals(c.decode(around, c.encode(around, value)), value);
      }
    });

    test(`${name} is read wherever in memory its archive begins, by ${backend.name}`, () => {
      const archive = c.encode(schema, values);
      for (let offset = 0; offset < 9; offset++) {
        const memory = new Uint8Array(archive.length + offset).fill(0xff);
        memory.set(archive, offset);
        const read = c.decode(schema, memory.subarray(offset));
        assertEquals(read, values, `at ${offset}`);
        assert(read.buffer !== memory.buffer, "a copy");
        memory.fill(0);
        assertEquals(read, values, `at ${offset}, once the archive has gone`);
        const seen = c.view(schema, archive);
        assertEquals(seen as unknown, values);
      }
    });

    test(`${name} is refused as a Vec is, by ${backend.name}`, () => {
      const list = c.vec(item) as codec.Schema<unknown>;
      const archive = c.encode(schema, values);
      let refused = 0;
      for (let at = 0; at < archive.length; at++) {
        for (const bit of [1, 4, 128]) {
          const damaged = archive.slice();
          damaged[at]! ^= bit;
          assertEquals(codeOf(c, schema, damaged), codeOf(c, list, damaged));
          if (codeOf(c, schema, damaged) !== "") refused++;
        }
        const cut = archive.subarray(at + 1);
        assertEquals(codeOf(c, schema, cut), codeOf(c, list, cut));
      }
      assert(refused > 6);
      for (const wrong of [[...values], new Uint8Array(3), new DataView(values.buffer), null]) {
        const error = assertThrows(() => c.encode(schema, wrong as never), c.CodecError);
        assertEquals(error.code, "BadValue");
      }
    });
  }

  test(`typed arrays are keys as a Vec of integers is, and those of floats none, by ${backend.name}`, () => {
    {
      for (const { name, schema, item, values } of ROWS) {
        if (name.startsWith("f")) {
          for (const keyed of [c.map(schema, c.u8), c.set(schema)] as codec.Schema<unknown>[]) {
            const error = assertThrows(() => checkSchema("the type", keyed), TypeError);
            assert(error.message.includes("does not implement Hash in Rust"), error.message);
          }
          continue;
        }
        const keys = [values, emptyOf(values), partOf(values)];
        const plain = keys.map((key) => [...key]);
        for (const make of [c.map, c.btreeMap] as const) {
          const own = make(schema, c.u8);
          const listed = make(c.vec(item), c.u8);
          const archive = c.encode(own, new Map(keys.map((key, i) => [key, i])));
          assertEquals(
            encodeHex(archive),
            encodeHex(c.encode(listed, new Map(plain.map((key, i) => [key, i])))),
          );
          c.validate(own, archive);
          const read = c.decode(own, archive);
          assertEquals(read.size, 3);
          const seen = c.view(own, archive);
          keys.forEach((key, i) => assertEquals(seen.get(key), i));
          const twice = new Map([[values, 1], [values.constructor as never, 2]]);
          assertThrows(() => c.encode(own, twice), c.CodecError);
          const equal = new Map([[values, 1], [copyOf(values), 2]]);
          assertEquals(assertThrows(() => c.encode(own, equal), c.CodecError).code, "DuplicateKey");
        }
      }
    }
  });

  test(`a NaN stays a NaN, and a typed array keeps its bits, by ${backend.name}`, () => {
    {
      for (const bits of [0x7ff8_0000_0000_0000n, 0xfff8_dead_beef_0001n, 0x7ff0_0000_0000_0001n]) {
        const scalar = c.encode(c.u64, bits);
        assert(Number.isNaN(c.decode(c.f64, c.encode(c.f64, c.decode(c.f64, scalar)))));
        const archive = c.encode(c.u64Array, BigUint64Array.of(bits, bits));
        const kept = c.encode(c.f64Array, c.decode(c.f64Array, archive));
        assertEquals(encodeHex(kept), encodeHex(archive));
      }
      for (const bits of [0x7fc0_0000, 0xffc0_beef, 0x7f80_0001]) {
        const scalar = c.encode(c.u32, bits);
        assert(Number.isNaN(c.decode(c.f32, c.encode(c.f32, c.decode(c.f32, scalar)))));
        const archive = c.encode(c.u32Array, Uint32Array.of(bits, bits));
        const kept = c.encode(c.f32Array, c.decode(c.f32Array, archive));
        assertEquals(encodeHex(kept), encodeHex(archive));
      }
    }
  });
}

type Copies = { slice(): Numbers; subarray(from: number, to?: number): Numbers };

function copyOf(values: Numbers): Numbers {
  return (values as unknown as Copies).slice();
}

function emptyOf(values: Numbers): Numbers {
  return (values as unknown as Copies).subarray(0, 0);
}

/** Numbers that begin in the middle of their memory. */
function partOf(values: Numbers): Numbers {
  return (values as unknown as Copies).subarray(1, 2);
}

function codeOf(c: Backend, schema: codec.Schema<unknown>, archive: Uint8Array): string {
  try {
    c.validate(schema, archive);
    c.decode(schema, archive);
    return "";
  } catch (error) {
    assert(error instanceof codec.CodecError);
    return error.code;
  }
}
