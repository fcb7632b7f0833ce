/** The first hash in a fresh process, whose hasher's buffer has not grown yet. */
import { assertEquals } from "@std/assert";
import { after, before, test } from "node:test";
import { type Bundle, bundle, BUNDLE_RUNTIMES } from "../support/bundles.ts";
import type { ColdCase, ColdTask } from "../support/cold_codec.ts";
import { type Line, readLines } from "../support/vectors.ts";

const LINES = readLines("values.jsonl");

function caseOf(name: string): ColdCase {
  const line = LINES.find((each): each is Line => each.name === name)!;
  const type = name.startsWith("hashmap") ? "map" : "set";
  const entries = type === "map"
    ? (line.value as [string, number][]).map(([key, value]) => [key.length, value] as const)
    : line.value as string[][];
  return { type, entries, hex: line.hex };
}

/** Keys of 59, 60, 126, 258, 522, 1050, 2106 and 5000 characters. */
const ASCENDING = Array.from({ length: 8 }, (_, i) => caseOf(`hashmap/long_key/${i}`));
const ORDERS: Readonly<Record<string, readonly ColdCase[]>> = {
  "ascending lengths": ASCENDING,
  "descending lengths": [...ASCENDING].reverse(),
  // After the longest key the hasher's buffer is made small again.
  "the longest key, then a short one": [ASCENDING[7]!, ASCENDING[1]!],
  "a long key and a short one": [caseOf("hashmap/long_and_short_key/0")],
  "arrays of numbers": [caseOf("hashset/array/0")],
};
const OPERATIONS = ["encode", "decode", "validate", "view"] as const;

let program: Bundle;
before(() => program = bundle("support/cold_codec.ts"));
after(() => program[Symbol.dispose]());

for (const runtime of BUNDLE_RUNTIMES) {
  for (const operation of OPERATIONS) {
    for (const [order, cases] of Object.entries(ORDERS)) {
      test(`${operation}() in a fresh process of ${runtime} agrees with Rust: ${order}`, () => {
        const task: ColdTask = { operation, cases };
        const answers = JSON.parse(program.run(runtime, JSON.stringify(task)));
        assertEquals(answers, cases.map(() => "ok"));
      });
    }
  }
}
