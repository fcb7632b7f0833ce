import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { CodecError, type Schema } from "../../codec/mod.ts";
import type { Composite } from "../../codec/schema.ts";
import { type Backend, BACKENDS } from "../support/backends.ts";
import { build, type Line, readLines, type Typed } from "../support/vectors.ts";

/** Schemas by their text: each is compiled once for each back end. */
const known = new Map<string, Typed>();
// Bun keeps the modules of all tests, and what they hold makes each later collection of garbage slower.
after(() => known.clear());

function typed({ schema }: Line): Typed {
  const key = JSON.stringify(schema);
  let type = known.get(key);
  if (type === undefined) known.set(key, type = build(schema));
  return type;
}

/** Each file, and how many lines it has. */
const VALUES = [
  ["values.jsonl", 732],
  ["reference/core.jsonl.gz", 529],
  ["reference/random.jsonl.gz", 354],
  ["reference/protocol.jsonl.gz", 89],
] as const;
/** Each file, how many lines it has, and how many of them are refused. */
const MALFORMED = [
  ["malformed.jsonl", 1763, 1063],
  ["reference/malformed.jsonl.gz", 1450, 1124],
] as const;
const LAYOUTS = [["layouts.jsonl", 360], ["reference/layouts.jsonl.gz", 2000]] as const;

for (const backend of BACKENDS) {
  for (const [file, total] of VALUES) {
    test(`encode() and decode() agree with rkyv on each line of ${file}, by ${backend.name}`, () => {
      const lines = readLines(file);
      assertEquals(lines.length, total);
      lines.forEach((line) => checkValue(backend, line));
    });
  }

  for (const [file, total, refusals] of MALFORMED) {
    test(`decode() and validate() give rkyv's verdict on each line of ${file}, by ${backend.name}`, () => {
      const lines = readLines(file);
      assertEquals(lines.length, total);
      assertEquals(lines.filter((line) => !checkVerdict(backend, line)).length, refusals);
    });
  }

  test(`encode() writes each collection of large.jsonl as rkyv does, by ${backend.name}`, () => {
    const lines = readLines("large.jsonl") as unknown as LargeLine[];
    assertEquals(lines.length, 17);
    lines.forEach((line) => checkLarge(backend, line));
  });
}

function checkValue({ encode, decode, validate }: Backend, line: Line): void {
  const { schema, fromSpec, toSpec } = typed(line);
  const archive = decodeHex(line.hex);
  assertEquals([schema.size, schema.align], [line.size, line.align], line.name);
  assertEquals(encodeHex(encode(schema, fromSpec(line.value))), line.hex, line.name);
  validate(schema, archive);
  const value = decode(schema, archive);
  assertEquals(toSpec(value), toSpec(fromSpec(line.value)), line.name);
  assertEquals(encodeHex(encode(schema, value)), line.hex, line.name);
}

/** Check a line, and say whether it is accepted. */
function checkVerdict({ encode, decode, validate }: Backend, line: Line): boolean {
  const { schema, fromSpec, toSpec } = typed(line);
  const archive = decodeHex(line.hex);
  if (line.ok) {
    validate(schema, archive);
    const value = decode(schema, archive);
    assertEquals(encodeHex(encode(schema, value)), line.canonical, line.name);
    if (line.value !== undefined) {
      assertEquals(toSpec(value), toSpec(fromSpec(line.value)), line.name);
    }
    return true;
  }
  for (const read of [decode, validate]) {
    const error = assertThrows(() => read(schema, archive), CodecError);
    assertEquals(error.code, line.error, `${line.name} ${line.mutation} ${line.hex}`);
    assert(error.offset >= 0 && error.offset <= archive.length + 1, line.name);
  }
  return false;
}

/** More memory than archives may take by default: trees have up to 300,000 entries. */
const LARGE_LIMITS = { maxDepth: 64, maxDecodedBytes: 256 << 20 };

interface LargeLine extends Line {
  readonly rule: keyof typeof RULES;
  readonly count: number;
  readonly bytes: number;
  readonly sha256: string;
}

function padded(length: number): (i: number) => string {
  return (i) => String(i).padStart(6, "0").padEnd(length, "x");
}

/** Entry `i`, by the rules in tests/vectors/README.md. */
const RULES = {
  spread: (i: number) => Math.imul(i, 2_654_435_761) >>> 0,
  padded16: padded(16),
  padded600: padded(600),
  padded1500: padded(1500),
};

function checkLarge(
  { encode, decode, validate }: Backend,
  { name, schema: spec, rule, count, bytes, sha256 }: LargeLine,
): void {
  const { schema } = build(spec);
  const isBig = (spec.t ?? spec.key) === "u64";
  const items = Array.from({ length: count }, (_, i) => {
    const item = RULES[rule](i);
    return isBig ? BigInt(item) : item;
  });
  const value = spec.k === "vec"
    ? items
    : spec.k.endsWith("set")
    ? new Set(items)
    : new Map(items.map((key, i) => [key, i]));
  const archive = encode(schema as Schema<unknown>, value);
  assertEquals(archive.length, bytes, name);
  assertEquals(createHash("sha256").update(archive).digest("hex"), sha256, name);
  validate(schema, archive, LARGE_LIMITS);
  const read = decode(schema, archive, LARGE_LIMITS);
  if (Array.isArray(value)) assert((read as unknown[]).every((item, i) => item === items[i]), name);
  else if (value instanceof Set) {
    assertEquals((read as Set<unknown>).size, count, name);
    assert(items.every((key) => (read as Set<unknown>).has(key)), name);
  } else {
    assertEquals((read as Map<unknown, unknown>).size, count, name);
    assert(items.every((key, i) => (read as Map<unknown, unknown>).get(key) === i), name);
  }
}

for (const [file, total] of LAYOUTS) {
  test(`layout puts each field where rustc does: ${file}`, () => {
    const lines = readLines(file);
    assertEquals(lines.length, total);
    for (const line of lines) {
      const { schema } = typed(line);
      const offsets = (schema as Schema<unknown> as Composite).fields.map(({ offset }) => offset);
      assertEquals(
        [schema.size, schema.align, offsets],
        [line.size, line.align, line.offsets],
        line.rust,
      );
    }
  });
}
