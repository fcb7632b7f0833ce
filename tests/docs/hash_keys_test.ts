import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as codec from "../../codec/mod.ts";
import { type AnySchema, type Schema, string, u16, u32, u8 } from "../../codec/mod.ts";
import { indexOf } from "../support/hash_index.ts";

const text = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");
const block = /^```js\n(const bits64[\s\S]*?)^```$/m.exec(text)![1]!;

interface Index {
  readonly displacements: readonly number[];
  readonly order: readonly number[];
}

const hashIndex = new Function(`${block}\nreturn hashIndex;`)() as (keys: number[][]) => Index;

/** A number in `bytes` bytes. */
function number(value: number | bigint, bytes: number): number[] {
  const all = BigInt.asUintN(8 * bytes, BigInt(value));
  return Array.from({ length: bytes }, (_, i) => Number((all >> BigInt(8 * i)) & 0xffn));
}

const utf8 = (value: string): number[] => [...new TextEncoder().encode(value)];
const textBytes = (value: string): number[] => [...utf8(value), 0xff];
const listBytes = (values: readonly number[]): number[] => [
  ...number(values.length, 8),
  ...values.flatMap((value) => number(value, 2)),
];

/** A row of the table, and keys of its types with their hashed bytes. */
interface Row {
  readonly key: string;
  check(): void;
}

function check<K>(schema: Schema<K>, keys: readonly K[], bytesOf: (key: K) => number[]): void {
  const { displacements, order } = indexOf(schema as AnySchema, keys);
  assertEquals(
    hashIndex(keys.map(bytesOf)),
    { displacements: [...displacements], order: [...order] },
    codec.signature(schema),
  );
}

const MANY = Array.from({ length: 60 }, (_, i) => i * 7 + 1);
const WORDS = MANY.map((n) => `${"é".repeat(n % 3)}${n}`);
const LISTS = MANY.map((n) => [n, n % 5, 3].slice(0, 1 + n % 3));
const octets = (n: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => (n * i) & 0xff);

const ROWS: readonly Row[] = [
  {
    key: "integers, `NonZero`",
    check() {
      check(u16, MANY, (n) => number(n, 2));
      check(codec.i32, MANY.map((n) => -n), (n) => number(n, 4));
      check(codec.u64, MANY.map(BigInt), (n) => number(n, 8));
      check(codec.i128, MANY.map((n) => BigInt(-n) << 70n), (n) => number(n, 16));
      check(codec.nonZero(u32), MANY, (n) => number(n, 4));
    },
  },
  {
    key: "`bool`, `char`",
    check() {
      check(codec.bool, [true, false], (yes) => [yes ? 1 : 0]);
      check(codec.char, [..."aé€😀"], (char) => number(char.codePointAt(0)!, 4));
    },
  },
  {
    key: "`String`, `Box<str>`",
    check() {
      check(string, WORDS, textBytes);
      check(codec.boxStr, WORDS, textBytes);
    },
  },
  {
    key: "`CString`",
    check: () =>
      check(codec.cString, WORDS, (word) => {
        const bytes = utf8(word);
        return [...number(bytes.length + 1, 8), ...bytes, 0];
      }),
  },
  {
    key: "`Vec<T>`, `Box<[T]>`, `[T; n]`",
    check() {
      check(codec.vec(u16), LISTS, listBytes);
      check(codec.boxSlice(u16), LISTS, listBytes);
      check(codec.array(u16, 2), MANY.map((n) => [n, 0]), listBytes);
      check(codec.bytes, MANY.map(octets), (all) => [...number(16, 8), ...all]);
    },
  },
  {
    key: "`Uuid`",
    check: () => check(codec.uuid, MANY.map(octets), (all) => [...number(16, 8), ...all]),
  },
  {
    key: "struct, tuple",
    check() {
      const pair = codec.struct({ a: u8, b: string });
      const pairs = MANY.map((n) => ({ a: n & 0xff, b: `${n}` }));
      check(pair, pairs, ({ a, b }) => [...number(a, 1), ...textBytes(b)]);
      const both = MANY.map((n): [number, number] => [n & 0xff, n]);
      check(codec.tuple(u8, u32), both, ([a, b]) => [...number(a, 1), ...number(b, 4)]);
      check(codec.tupleStruct(u8, u32), both, ([a, b]) => [...number(a, 1), ...number(b, 4)]);
    },
  },
  {
    key: "`Option<T>`, `Result<T, E>`",
    check() {
      check(
        codec.option(u16),
        [null, ...MANY],
        (n) => n === null ? number(0, 8) : [...number(1, 8), ...number(n, 2)],
      );
      check(
        codec.result(u16, u8),
        [{ ok: 1 }, { err: 1 }, { ok: 2 }, { err: 2 }],
        (each) =>
          "ok" in each
            ? [...number(0, 8), ...number(each.ok, 2)]
            : [...number(1, 8), ...number(each.err, 1)],
      );
    },
  },
  {
    key: "enum with `#[repr(u8)]`",
    check() {
      const shape = codec.variants({ dot: null, line: { length: u16 } }, { repr: "u8" });
      type Shape = codec.Infer<typeof shape>;
      const shapes: Shape[] = [{ type: "dot" }];
      for (const length of MANY) shapes.push({ type: "line", length });
      check(
        shape,
        shapes,
        (each) => each.type === "dot" ? [0] : [1, ...number(each.length, 2)],
      );
      const one = codec.variants({ line: { length: u16 } });
      const lines = MANY.map((length): codec.Infer<typeof one> => ({ type: "line", length }));
      check(one, lines, ({ length }) => number(length, 2));
    },
  },
  {
    key: "`Duration`",
    check: () =>
      check(
        codec.duration,
        MANY.map((n) => ({ secs: BigInt(n), nanos: n })),
        ({ secs, nanos }) => [...number(secs, 8), ...number(nanos, 4)],
      ),
  },
  {
    key: "`Box<T>`, `()`",
    check() {
      check(codec.box(u32), MANY, (n) => number(n, 4));
      check(codec.unit, [undefined], () => []);
    },
  },
];

test("PROTOCOL.md says what of each type of key is hashed", () => {
  const start = text.indexOf("| key ");
  const rows = text.slice(start, text.indexOf("\n\n", start)).split("\n").slice(2);
  assertEquals(rows.map((line) => line.split("|")[1]!.trim()), ROWS.map(({ key }) => key));
  for (const { check } of ROWS) check();
});
