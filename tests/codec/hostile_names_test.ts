import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { decode, encode, map, string, struct, u32, validate, variants } from "../../codec/mod.ts";

const PWNED = "__hardlightPwned";
const world = globalThis as Record<string, unknown>;

/** Names that would be code, or a way to every object, if they were pasted or assigned carelessly. */
const NAMES: readonly string[] = [
  `"]; globalThis.${PWNED} = 1; //`,
  `'+(globalThis.${PWNED}=1)+'`,
  `\`\${globalThis.${PWNED}=1}\``,
  `*/globalThis.${PWNED}=1/*`,
  `a\n;globalThis.${PWNED}=1;\n`,
  `a\u2028globalThis.${PWNED}=1\u2029`,
  `\\"; globalThis.${PWNED} = 1`,
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "toString",
  "0",
  "",
];

for (const name of NAMES) {
  test(`a struct's field may be called ${JSON.stringify(name)}, or is refused, and is never code`, () => {
    // A computed key: `__proto__` written out would set the prototype.
    const fields = { ["x"]: u32, [name]: u32 };
    const value = Object.defineProperties({}, {
      x: { value: 1, enumerable: true },
      [name]: { value: 2, enumerable: true },
    }) as Record<string, number>;
    const schema = struct(fields);
    let archive;
    try {
      archive = encode(schema, value);
    } catch (error) {
      assertEquals([error instanceof TypeError, name === "" || name === "0"], [true, true]);
      return;
    }
    assertEquals(validate(schema, archive), undefined);
    const back = decode(schema, archive) as Record<string, unknown>;
    assertEquals([Object.getPrototypeOf(back) === Object.prototype, Object.hasOwn(back, name)], [
      true,
      true,
    ]);
    assertEquals(Object.getOwnPropertyDescriptor(back, name)?.value, 2);
    assertEquals([world[PWNED], ({} as Record<string, unknown>)["polluted"]], [
      undefined,
      undefined,
    ]);
  });

  test(`a variant may be called ${JSON.stringify(name)}, or is refused, and is never code`, () => {
    try {
      const schema = variants({ first: null, [name]: { x: u32 } });
      const back = decode(schema, encode(schema, { type: name, x: 5 } as never));
      assertEquals(back, { type: name, x: 5 } as never);
    } catch (error) {
      assertEquals(error instanceof TypeError, true);
    }
    assertEquals(world[PWNED], undefined);
  });
}

test("a map's keys are only keys", () => {
  const schema = map(string, u32);
  const back = decode(schema, encode(schema, new Map([["__proto__", 1], ["constructor", 2]])));
  assertEquals([back.get("__proto__"), back.get("constructor"), back.size], [1, 2, 2]);
  assertEquals(Object.getPrototypeOf({}) === Object.prototype, true);
});

test("a value whose field is inherited is no value", () => {
  const schema = struct({ x: u32 });
  assertThrows(() => encode(schema, { x: "1" } as never), RangeError);
});
