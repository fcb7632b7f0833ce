import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as codec from "../../codec/mod.ts";
import { decode, encode, type Schema, signature, u16, u32, u8 } from "../../codec/mod.ts";

const text = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");

interface Example {
  readonly schema: Schema<unknown>;
  readonly told: string;
  readonly value: unknown;
}

function example<T>(schema: Schema<T>, told: string, value: T): Example {
  return { schema: schema as Schema<unknown>, told, value };
}

const { string, struct, variants } = codec;
const loopback = Uint8Array.of(127, 0, 0, 1);
const v6 = Uint8Array.from({ length: 16 }, (_, i) => i);

interface List {
  readonly next: List | null;
}
const List: Schema<List> = codec.lazy(() =>
  struct({ next: codec.option(codec.box(List)) }) as Schema<List>
);

const EXAMPLES: readonly Example[] = [
  example(u8, "7", 7),
  example(codec.i8, "-1", -1),
  example(u16, "258", 258),
  example(codec.i16, "-2", -2),
  example(u32, "258", 258),
  example(codec.i32, "-2", -2),
  example(codec.u64, "258", 258n),
  example(codec.i64, "-2", -2n),
  example(codec.u128, "258", 258n),
  example(codec.i128, "-2", -2n),
  example(codec.usize, "258", 258),
  example(codec.isize, "-2", -2),
  example(codec.f32, "1.5", 1.5),
  example(codec.f64, "1.5", 1.5),
  example(codec.bool, "true", true),
  example(codec.char, "é", "é"),
  example(codec.unit, "()", undefined),
  example(string, "hi", "hi"),
  example(string, "eight by", "eight by"),
  example(codec.boxStr, "hi", "hi"),
  example(codec.cString, "hi", "hi"),
  example(codec.bytes, "01 02 03", Uint8Array.of(1, 2, 3)),
  example(codec.vec(u16), "[1, 2]", [1, 2]),
  example(struct({ a: u8, b: codec.vec(codec.u64) }), "a 1, b []", { a: 1, b: [] }),
  example(codec.boxSlice(u16), "[1, 2]", [1, 2]),
  example(codec.box(u16), "258", 258),
  example(codec.array(u16, 2), "[1, 2]", [1, 2]),
  example(codec.option(u32), "None", null),
  example(codec.option(u32), "Some(5)", 5),
  example(codec.result(u32, u8), "Ok(5)", { ok: 5 }),
  example(codec.result(u32, u8), "Err(5)", { err: 5 }),
  example(struct({ a: u8, b: u32 }), "a 1, b 2", { a: 1, b: 2 }),
  example(codec.tuple(u32, u8), "(1, 2)", [1, 2]),
  example(codec.tupleStruct(u8, u32), "(1, 2)", [1, 2]),
  example(
    codec.tuple(string, string),
    "(eight by, 8 or more)",
    ["eight by", "8 or more"],
  ),
  example(
    variants({ off: null, at: { x: u16 }, both: [u8, u32] }),
    "at, x 258",
    { type: "at", x: 258 },
  ),
  example(codec.map(u8, u16), "{1: 2}", new Map([[1, 2]])),
  example(codec.set(string), "{a, b}", new Set(["a", "b"])),
  example(codec.btreeMap(u8, u16), "{1: 2, 3: 4}", new Map([[1, 2], [3, 4]])),
  example(codec.btreeSet(u8), "{}", new Set<number>()),
  example(codec.duration, "1 s, 2 ns", { secs: 1n, nanos: 2 }),
  example(codec.nonZero(u16), "258", 258),
  example(codec.range(u8), "1..2", { start: 1, end: 2 }),
  example(codec.rangeInclusive(u8), "1..=2", { start: 1, end: 2 }),
  example(codec.rangeFrom(u8), "1..", { start: 1 }),
  example(codec.rangeTo(u8), "..2", { end: 2 }),
  example(codec.rangeToInclusive(u8), "..=2", { end: 2 }),
  example(codec.ipv4, "127.0.0.1", loopback),
  example(codec.ipv6, "octets 0 to 15", v6),
  example(codec.uuid, "octets 0 to 15", v6),
  example(codec.ip, "127.0.0.1", { v4: loopback }),
  example(codec.socketAddrV4, "127.0.0.1:80", { ip: loopback, port: 80 }),
  example(
    codec.socketAddrV6,
    "octets 0 to 15, port 80",
    { ip: v6, flowinfo: 0, scope_id: 0, port: 80 },
  ),
  example(codec.socketAddr, "127.0.0.1:80", { v4: { ip: loopback, port: 80 } }),
  example(List, "next Some(next None)", { next: { next: null } }),
];

/** Bytes in groups of four, as the table shows them. */
function grouped(archive: Uint8Array): string {
  return encodeHex(archive).match(/.{1,8}/g)?.join(" ") ?? "";
}

const section = text.slice(text.indexOf("## Appendix B"));
const rows = section.split("\n").filter((line) => line.startsWith("| `")).map((line) =>
  line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))
);

test("PROTOCOL.md shows one archive of each type, as it is written and read", () => {
  const expected = EXAMPLES.map(({ schema, told, value }) => {
    const archive = encode(schema, value);
    assertEquals(decode(schema, archive), value, signature(schema));
    return [signature(schema), told, grouped(archive)];
  });
  assertEquals(rows, expected);
});

test("PROTOCOL.md quotes names in fingerprints, and numbers recursive types, as signature() does", () => {
  const odd = struct({ "a-b": u8, $c: u8 });
  type Node = { readonly next: Node | null };
  const inner: Schema<Node> = struct({ next: codec.option(codec.box(codec.lazy(() => inner))) });
  for (const written of [signature(odd), signature(List), signature(inner)]) {
    assertEquals(text.includes(`\`${written}\``), true, written);
  }
});
