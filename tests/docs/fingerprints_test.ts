import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import * as codec from "../../codec/mod.ts";
import { signature } from "../../codec/signature.ts";
import { Counter } from "../../examples/counter/service.ts";
import { hashText } from "../../service/fingerprint.ts";
import { plain, rowsOf } from "./tables.ts";

const GROUPS = "group | text | for the counter of `examples/`";
const TYPES = "type | text";

test("PROTOCOL.md says of what texts a fingerprint is made", () => {
  const { fingerprint } = Counter;
  for (const [group, , example] of rowsOf(GROUPS)) {
    assertEquals(hashText(plain(example!)), fingerprint[group as "methods"], group);
  }
  assertEquals(rowsOf(GROUPS).map(([group]) => group), ["methods", "state", "events"]);
});

test("PROTOCOL.md spells each type as signature() does", () => {
  const { u8, u16 } = codec;
  type List = { readonly next: List | null };
  const List: codec.Schema<List> = codec.lazy(() =>
    codec.struct({ next: codec.option(codec.box(List)) }) as codec.Schema<List>
  );
  const both = codec.tuple(u8, u16);
  const named = { a: u8, b: u16 };
  const enumeration = codec.variants({ a: null, b: [u8], c: [u8, u16], d: { x: u8 } });
  const spelled: Readonly<Record<string, readonly codec.Schema<never>[]>> = {
    "their name": [
      u8,
      codec.i128,
      codec.usize,
      codec.isize,
      codec.f32,
      codec.f64,
    ] as never,
    "aligned to 8": [] as never,
    "Vec<T>": [
      codec.vec(u8),
      codec.bytes,
      codec.boxSlice(u8),
      codec.box(u8),
      codec.boxStr,
    ] as never,
    "CString": [codec.cString] as never,
    "Option<T>": [codec.option(u8), codec.result(u8, u16)] as never,
    "tuple struct": [codec.array(u8, 3), both, codec.tupleStruct(u8, u16)] as never,
    "declared order": [codec.struct(named), codec.struct(named, { repr: "C" })] as never,
    "without arguments is": [enumeration] as never,
    "maps and sets": [
      codec.map(u8, u16),
      codec.set(u8),
      codec.btreeMap(u8, u16),
      codec.btreeSet(u8),
    ] as never,
    "NonZero": [codec.nonZero(u8)] as never,
    "ranges": [
      codec.range(u8),
      codec.rangeInclusive(u8),
      codec.rangeFrom(u8),
      codec.rangeTo(u8),
      codec.rangeToInclusive(u8),
    ] as never,
    "addresses": [
      codec.ipv4,
      codec.ipv6,
      codec.ip,
      codec.socketAddrV4,
      codec.socketAddrV6,
      codec.socketAddr,
    ] as never,
    "recursive": [] as never,
  };
  /** A spelling of the table, where the letters stand for the types that are used here. */
  const inserted = (spelling: string): string =>
    spelling.replace(/vec<T>(?=.*)/, "vec<u8>").replace(/\b[TKA]\b/g, "u8").replace(
      /\b[UVEB]\b/g,
      "u16",
    ).replace(";n]", ";3]");
  const rows = rowsOf(TYPES);
  assertEquals(rows.length, Object.keys(spelled).length);
  for (const [i, [key, schemas]] of Object.entries(spelled).entries()) {
    const [types, spellings] = rows[i]!;
    assert(`${types} ${spellings}`.includes(key), `${types}: ${key}`);
    const shown = [...spellings!.matchAll(/`([^`]+)`/g)].map(([, each]) => inserted(each!));
    for (const schema of schemas) {
      assert(shown.includes(signature(schema)), `${signature(schema)} in ${shown}`);
    }
  }
  assertEquals(signature(codec.variants({ name: {} })), "enum{name{}}");
  assertEquals(signature(codec.vec(List)), "vec<@0=struct{next:option<box<@0>>}>");
});
