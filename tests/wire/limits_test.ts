import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { DEFAULT_LIMITS, type Limits } from "../../wire/limits.ts";
import { fillInLimits } from "../../wire/option_kinds.ts";

const checkLimits = (limits?: Partial<Limits>) => fillInLimits(limits, DEFAULT_LIMITS);

test("fillInLimits() fills in the defaults", () => {
  assertEquals(checkLimits(), { ...DEFAULT_LIMITS });
  assertEquals(checkLimits({ maxDepth: 3 }), { ...DEFAULT_LIMITS, maxDepth: 3 });
});

for (const value of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
  test(`fillInLimits() refuses ${value} for every limit`, () => {
    for (const name of Object.keys(DEFAULT_LIMITS)) {
      const error = assertThrows(() => checkLimits({ [name]: value }), RangeError) as RangeError;
      assertEquals(error.message.includes(name), true);
    }
  });
}

test("fillInLimits() refuses times that timers cannot wait, unknown names and other types", () => {
  assertThrows(() => checkLimits({ callTimeoutMs: 2 ** 31 }), RangeError);
  assertEquals(checkLimits({ maxMessageBytes: 2 ** 31 }).maxMessageBytes, 2 ** 31);
  assertThrows(() => checkLimits({ maxBytes: 1 } as Partial<Limits>), TypeError);
  assertThrows(() => checkLimits({ maxDepth: "3" } as unknown as Partial<Limits>), TypeError);
  assertThrows(() => checkLimits({ toString: 1 } as unknown as Partial<Limits>), TypeError);
});
