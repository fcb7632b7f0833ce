import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  bool,
  bytes,
  option,
  type Schema,
  signature,
  string,
  struct,
  tuple,
  u16,
  u32,
  u64,
  u8,
} from "../../codec/mod.ts";
import type { AnySchema, Composite } from "../../codec/schema.ts";
import { readLines, type TypeSpec } from "../support/vectors.ts";

const text = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");

interface Niche {
  readonly free: number;
  readonly at: number;
  readonly bytes: number;
}

interface Layout {
  readonly size: number;
  readonly align: number;
  readonly niche?: Niche | undefined;
  readonly offsets?: readonly number[];
}

interface Enumeration extends Layout {
  readonly variants: readonly (readonly number[])[];
}

/** The functions that PROTOCOL.md defines. */
interface Rules {
  readonly bool: Layout;
  readonly char: Layout;
  nonZero(integer: Layout): Layout;
  array(element: Layout, count: number): Layout;
  struct(fields: readonly Layout[]): Layout;
  tuple(elements: readonly Layout[]): Layout;
  enumeration(variants: readonly (readonly Layout[])[]): Enumeration;
}

const NAMES = ["bool", "char", "nonZero", "array", "struct", "tuple", "enumeration"];
const blocks = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
const section = blocks.find((block) => block.includes("function struct("))!;
const rules = new Function(`${section}\nreturn { ${NAMES} };`)() as Rules;

/** Size and alignment by the table of types, as `8 / 4`, of the row that has this type. */
function row(type: string): Layout {
  const line = text.split("\n").find((line) =>
    line.startsWith("|") && /^\d+ \/ \d+$/.test(line.split("|")[2]!.trim()) &&
    line.split("|")[1]!.includes(`\`${type}\``)
  );
  assert(line !== undefined, `the table of types has no ${type}`);
  const [size, align] = line.split("|")[2]!.split("/").map(Number);
  return { size: size!, align: align! };
}

function leaf(kind: string): Layout {
  if (kind.startsWith("nz_")) return rules.nonZero(leaf(kind.slice(3)));
  const bits = /^[uif](\d+)$/.exec(kind);
  if (bits) return { size: Number(bits[1]) / 8, align: Number(bits[1]) / 8 };
  const octets = (count: number): Layout => rules.array(leaf("u8"), count);
  switch (kind) {
    case "bool":
      return rules.bool;
    case "char":
      return rules.char;
    case "unit":
    case "rangefull":
      return row("()");
    case "usize":
    case "isize":
      return row(kind);
    case "string":
      return row("String");
    case "boxstr":
      return row("Box<str>");
    case "duration":
      return row("Duration");
    case "ipv4":
      return octets(4);
    case "ipv6":
      return octets(16);
    case "ip":
      return rules.enumeration([[octets(4)], [octets(16)]]);
    case "sockv4":
      return row("SocketAddrV4");
    case "sockv6":
      return row("SocketAddrV6");
    case "sock":
      return rules.enumeration([[row("SocketAddrV4")], [row("SocketAddrV6")]]);
  }
  throw new Error(`no such leaf: ${kind}`);
}

const NO_FIELDS: readonly TypeSpec[] = [];

/** The layout of a type in the vectors' language, computed only from PROTOCOL.md. */
function layoutOf(spec: TypeSpec): Layout {
  if (typeof spec === "string") return leaf(spec);
  const all = (specs: readonly TypeSpec[]): Layout[] => specs.map(layoutOf);
  const second = (pairs: readonly TypeSpec[]): TypeSpec[] => pairs.map(([, type]) => type);
  switch (spec.k) {
    case "vec":
    case "boxslice":
      return row("Vec<T>");
    case "box":
      return row("Box<T>");
    case "hashmap":
    case "hashset":
      return row("HashMap<K, V>");
    case "btreemap":
    case "btreeset":
      return row("BTreeMap<K, V>");
    case "option":
      return rules.enumeration([[], [layoutOf(spec.t)]]);
    case "result":
      return rules.enumeration([[layoutOf(spec.ok)], [layoutOf(spec.err)]]);
    case "array":
      return rules.array(layoutOf(spec.t), spec.n);
    case "tuple":
      return rules.tuple(all(spec.ts));
    case "struct":
      return rules.struct(all(second(spec.fields)));
    case "tstruct":
      return rules.struct(all(spec.fields));
    case "ustruct":
      return rules.struct([]);
    case "range":
    case "rangeinc":
      return rules.struct(all([spec.t, spec.t]));
    case "rangefrom":
    case "rangeto":
    case "rangetoinc":
      return rules.struct(all([spec.t]));
    case "enum":
      return rules.enumeration(
        (spec.variants as TypeSpec[]).map(([, kind, fields = NO_FIELDS]) =>
          all(kind === "s" ? second(fields) : fields)
        ),
      );
  }
  throw new Error(`no such type: ${JSON.stringify(spec)}`);
}

for (const [file, total] of [["layouts.jsonl", 360], ["reference/layouts.jsonl.gz", 2000]]) {
  test(`PROTOCOL.md puts each field where rustc does: ${file}`, () => {
    const lines = readLines(file as string);
    assertEquals(lines.length, total);
    for (const { rust, schema, size, align, offsets } of lines) {
      const layout = layoutOf(schema);
      assertEquals([layout.size, layout.align, layout.offsets], [size, align, offsets], rust);
    }
  });
}

const WORKED = [
  struct({ a: u8, b: u32, c: u16 }),
  struct({ index: u32, data: bytes }),
  struct({ a: string, b: bytes, c: option(string) }),
  struct({ a: u16, b: bool, c: u8 }),
  tuple(bool, u64, u8, u32),
] as readonly AnySchema[] as readonly (Schema<unknown> & Composite)[];

test("PROTOCOL.md works out five layouts", () => {
  const start = text.indexOf("| type ", text.indexOf("Five layouts"));
  const rows = text.slice(start, text.indexOf("\n\n", start)).split("\n").slice(2);
  assertEquals(
    rows.map((line) => line.split("|").slice(1, 4).map((cell) => cell.trim())),
    WORKED.map((schema) => [
      `\`${signature(schema)}\``,
      schema.fields.map(({ offset }) => offset).join(", "),
      `${schema.size} / ${schema.align}`,
    ]),
  );
});

test("PROTOCOL.md gives a tag 1, 2 or 4 bytes, as enums are archived", () => {
  const tagOf = (count: number): number =>
    rules.enumeration(Array.from({ length: count }, () => [])).size;
  assertEquals([1, 255, 256, 65_535, 65_536].map(tagOf), [1, 1, 2, 2, 4]);
});
