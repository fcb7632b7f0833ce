import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type AnySchema, type Schema, string, u32 } from "../../codec/mod.ts";
import { indexOf } from "../support/hash_index.ts";

const text = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");
const block = /^```js\n(const bits64[\s\S]*?)^```$/m.exec(text)![1]!;

interface Index {
  readonly displacements: readonly number[];
  readonly order: readonly number[];
}

const hashIndex = new Function(`${block}\nreturn hashIndex;`)() as (keys: number[][]) => Index;

/** `u32` and `String` keys, as the hashed bytes in PROTOCOL.md. */
function bytesOf(key: number | string): number[] {
  if (typeof key === "string") return [...new TextEncoder().encode(key), 0xff];
  return [0, 8, 16, 24].map((shift) => (key >>> shift) & 0xff);
}

function check<K extends number | string>(schema: Schema<K>, keys: readonly K[]): void {
  const { displacements, order } = indexOf(schema as AnySchema, keys);
  assertEquals(hashIndex(keys.map(bytesOf)), {
    displacements: [...displacements],
    order: [...order],
  });
}

test("PROTOCOL.md builds the hash index that is written, of 0 to 100 keys", () => {
  for (const count of [0, 1, 2, 3, 10, 100]) {
    const numbers = Array.from({ length: count }, (_, i) => Math.imul(i, 2_654_435_761) >>> 0);
    check(u32, numbers);
    check(string, numbers.map((number, i) => `${number}`.repeat(1 + i % 3)));
  }
});
