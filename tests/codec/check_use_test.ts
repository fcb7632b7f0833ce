/** What programs without types give to the functions of `./codec`. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { test } from "node:test";
import * as codec from "../../codec/mod.ts";
import {
  decode,
  defaultOf,
  encode,
  encodeInto,
  lazy,
  option,
  result,
  type Schema,
  signature,
  string,
  toRust,
  u8,
  validate,
  vec,
  view,
  withDefault,
} from "../../codec/mod.ts";

const WRONG: readonly unknown[] = [undefined, null, 1, {}, "", [], () => 1];
const one = Uint8Array.of(1);

/** Functions of a schema. */
const OF_SCHEMA: Readonly<Record<string, (schema: never) => unknown>> = {
  decode: (schema) => decode(schema, one),
  defaultOf: (schema) => defaultOf(schema),
  encode: (schema) => encode(schema, 1 as never),
  encodeInto: (schema) => encodeInto(schema, 1 as never, new Uint8Array(4)),
  signature: (schema) => signature(schema),
  toRust: (schema) => toRust(schema),
  validate: (schema) => validate(schema, one),
  view: (schema) => view(schema, one),
};

/** A message of ours, in words, and no engine's. */
function isOurs(error: Error): void {
  assertEquals(error.name, "TypeError");
  assertStringIncludes(error.message, "Cannot ");
  assertEquals(/Cannot (?:read|convert|destructure|use 'in')|is not a/.test(error.message), false);
}

for (const [name, use] of Object.entries(OF_SCHEMA)) {
  test(`${name}() says so if it is given no schema, or one that is declared wrongly`, () => {
    for (const wrong of WRONG) {
      isOurs(assertThrows(() => use(wrong as never), TypeError));
      if (name === "toRust") continue;
      assertStringIncludes(
        assertThrows(() => use(wrong as never), TypeError).message,
        "the schema: it is",
      );
    }
    for (
      const made of [
        option(null as never),
        result(u8, null as never),
        result(undefined as never, u8),
        vec(null as never),
        withDefault(undefined as never, 1),
      ]
    ) isOurs(assertThrows(() => use(made as never), TypeError));
  });
}

test("a lazy() of no function, or of what is not yet there, is refused with its place", () => {
  const none = codec.struct({ next: vec(lazy(5 as never)) });
  assertStringIncludes(
    assertThrows(() => encode(none, { next: [] }), TypeError).message,
    "field next of the schema: it cannot be made",
  );
  const early: Schema<unknown> = lazy(() => later);
  const error = assertThrows(() => signature(early), TypeError);
  assertEquals((error.cause as Error).name, "ReferenceError");
  const later: Schema<unknown> = u8 as Schema<unknown>;
});

test("decode(), validate(), view() and encodeInto() say so if they are given no bytes", () => {
  for (
    const wrong of [...WRONG, new ArrayBuffer(4), new DataView(new ArrayBuffer(4)), Int8Array.of(1)]
  ) {
    const bytes = wrong as Uint8Array<ArrayBuffer>;
    for (
      const use of [
        () => decode(u8, bytes),
        () => validate(u8, bytes),
        () => view(u8, bytes),
        () => encodeInto(u8, 1, bytes),
      ]
    ) assertStringIncludes(assertThrows(use, TypeError).message, ": expected a Uint8Array");
  }
  // Bytes of another realm, as a test's sandbox has them.
  const foreign = Object.setPrototypeOf(
    Uint8Array.of(7),
    Object.create(Object.getPrototypeOf(Uint8Array.prototype)),
  );
  assertEquals(foreign instanceof Uint8Array, false);
  assertEquals(decode(u8, foreign), 7);
});

test("limits that are left out are the defaults, and wrong ones are refused", () => {
  const uses: readonly ((limits: never) => unknown)[] = [
    (limits) => decode(u8, one, limits),
    (limits) => validate(u8, one, limits),
    (limits) => view(u8, one, limits),
    (limits) => encode(u8, 1, limits),
  ];
  for (const use of uses) {
    for (
      const wrong of [null, 1, "", { depth: 1 }, { maxDepth: "1" }, { maxDepth: NaN }, {
        maxDepth: -1,
      }]
    ) {
      isOurs(assertThrows(() => use(wrong as never), TypeError));
    }
    use({} as never);
    use({ maxDepth: undefined } as never);
  }
  // 2 ** 20 strings of no bytes: 8 MiB of an archive, and more of memory than is allowed by default.
  const many = encode(vec(string), Array(2 ** 20).fill(""));
  for (const use of [decode, validate]) {
    const error = assertThrows(() => use(vec(string), many, { maxDepth: 5 }), codec.CodecError);
    assertEquals((error as codec.CodecError).code, "TooLong");
  }
});

test("toRust() says so if a name is none", () => {
  for (const wrong of [null, 1, {}]) {
    isOurs(assertThrows(() => toRust(u8, wrong as never), TypeError));
  }
});
