import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { test } from "node:test";
import { setCompiler } from "../../codec/archive.ts";
import { useCompiler } from "../../codec/compiler.ts";
import { CodecError, decode, encode, validate } from "../../codec/mod.ts";
import type { Struct } from "../../codec/struct.ts";
import { build, type Line, readLines, type Typed } from "../support/vectors.ts";

const BACKENDS = {
  "generated code": () => assert(useCompiler()),
  "the schemas' own methods": () => void setCompiler(undefined),
};

/** The schema of a line, or `undefined` where its map keys are refused. */
function typed(line: Line): Typed | undefined {
  try {
    return build(line.schema);
  } catch (error) {
    assertInstanceOf(error, TypeError, line.name);
    assertStringIncludes(error.message, "rkyv hashes an enum");
    return undefined;
  }
}

const FILES = [["core", 529, 1], ["random", 354, 6], ["protocol", 89, 0]] as const;

for (const [backend, choose] of Object.entries(BACKENDS)) {
  for (const [file, total, refused] of FILES) {
    const lines = readLines(`reference/${file}.jsonl.gz`);
    test(`encode() and decode() agree with rkyv on each line of ${file}, by ${backend}`, () => {
      choose();
      assertEquals(lines.length, total);
      let skipped = 0;
      for (const line of lines) {
        const type = typed(line);
        if (type === undefined) {
          skipped++;
          continue;
        }
        const { schema } = type;
        const archive = decodeHex(line.hex);
        assertEquals([schema.size, schema.align], [line.size, line.align], line.name);
        assertEquals(encodeHex(encode(schema, type.fromSpec(line.value))), line.hex, line.name);
        validate(schema, archive);
        const value = decode(schema, archive);
        assertEquals(type.toSpec(value), type.toSpec(type.fromSpec(line.value)), line.name);
        assertEquals(encodeHex(encode(schema, value)), line.hex, line.name);
      }
      assertEquals(skipped, refused);
    });
  }

  test(`decode() and validate() give rkyv's verdict on each malformed line, by ${backend}`, () => {
    choose();
    const lines = readLines("reference/malformed.jsonl.gz");
    assertEquals(lines.length, 1450);
    let refused = 0;
    for (const line of lines) {
      const type = typed(line);
      if (type === undefined) continue;
      const archive = decodeHex(line.hex);
      if (line.ok) {
        validate(type.schema, archive);
        const value = decode(type.schema, archive);
        assertEquals(encodeHex(encode(type.schema, value)), line.canonical, line.name);
        continue;
      }
      refused++;
      for (const read of [decode, validate]) {
        const error = assertThrows(() => read(type.schema, archive), CodecError);
        assertEquals(error.code, line.error, `${line.name} ${line.mutation} ${line.hex}`);
        assert(error.offset >= 0 && error.offset <= archive.length + 1, line.name);
      }
    }
    assert(refused > 1100);
  });
}

test("layout puts each field where rustc does", () => {
  const lines = readLines("reference/layouts.jsonl.gz");
  assertEquals(lines.length, 2000);
  for (const line of lines) {
    const type = typed(line);
    if (type === undefined) continue;
    const { schema } = type;
    const { offsets } = (schema as unknown as Struct).layout;
    assertEquals(
      [schema.size, schema.align, offsets],
      [line.size, line.align, line.offsets],
      line.rust,
    );
  }
});
