/** Messages of refused archives: where, what was expected, and the actual bytes. */
import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import {
  bool,
  char,
  CodecError,
  option,
  type Schema,
  struct,
  u8,
  variants,
  vec,
  view,
} from "../../codec/mod.ts";
import { interpret, readArchive } from "../../codec/archive.ts";
import { Reader } from "../../codec/reader.ts";
import { BACKENDS } from "../support/backends.ts";

const kind = variants({ on: null, off: null });

/** A type, an archive of another type, and the message. */
const WRONG: readonly (readonly [schema: Schema<unknown>, archive: number[], says: string])[] = [
  [bool as Schema<unknown>, [7], "Cannot decode: expected 0 or 1, got 7 at byte 0 (Bool)"],
  [
    char as Schema<unknown>,
    [0, 0xd8, 0, 0],
    "Cannot decode: expected a Unicode scalar value, got 55296 at byte 0 (Char)",
  ],
  [
    struct({ id: u8, kind }) as Schema<unknown>,
    // Its niche is first.
    [9, 1],
    "Cannot decode kind: expected a tag below 2, got 9 at byte 0 (InvalidTag)",
  ],
  [
    option(u8) as Schema<unknown>,
    [3, 0],
    "Cannot decode: expected a tag below 2, got 3 at byte 0 (InvalidTag)",
  ],
];

for (const { name, decode } of BACKENDS) {
  for (const [schema, archive, says] of WRONG) {
    test(`${name}: ${schema.kind} says what came: ${says}`, () => {
      const error = assertThrows(() => decode(schema, Uint8Array.from(archive)), CodecError);
      assertEquals(error.message, says);
    });
  }
}

test("a page, which has no words for it, says the code, the place and the four bytes there", () => {
  const schema = struct({ on: u8, kinds: vec(kind) });
  const archive = Uint8Array.of(1, 9, 0, 0, 252, 255, 255, 255, 2, 0, 0, 0, 7, 0, 0, 0);
  for (const from of [0, 8]) {
    const reader = new Reader();
    reader.reset(Uint8Array.from([...new Uint8Array(from), ...archive]));
    const error = assertThrows(
      () => readArchive(interpret, schema, reader, from, from + archive.length),
      CodecError,
    );
    assertEquals(error.message, "Cannot decode kinds[1]: InvalidTag at byte 1, got 9,0,0,252");
  }
});

test("a view says what came in place of a tag", () => {
  const kinds = view(vec(kind), Uint8Array.of(1, 9, 0, 0, 252, 255, 255, 255, 2, 0, 0, 0));
  const error = assertThrows(() => [...kinds], CodecError);
  assertEquals(
    error.message,
    "Cannot decode [1]: expected a tag below 2, got 9 at byte 1 (InvalidTag)",
  );
});
