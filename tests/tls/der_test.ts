import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { bitString, integer, objectIdentifier, pem, sequence, time, tlv } from "../../tls/der.ts";

const CASES: readonly { readonly name: string; readonly der: Uint8Array; readonly hex: string }[] =
  [
    { name: "integer() 0", der: integer(decodeHex("00")), hex: "020100" },
    { name: "integer() of nothing", der: integer(decodeHex("")), hex: "020100" },
    { name: "integer() 127", der: integer(decodeHex("7f")), hex: "02017f" },
    { name: "integer() 128, with a sign", der: integer(decodeHex("80")), hex: "02020080" },
    { name: "integer() without leading zeros", der: integer(decodeHex("000001")), hex: "020101" },
    { name: "integer() with one zero left", der: integer(decodeHex("0000ff")), hex: "020200ff" },
    {
      name: "objectIdentifier()",
      der: objectIdentifier("1.2.840.10045.4.3.2"),
      hex: "06082a8648ce3d040302",
    },
    { name: "bitString()", der: bitString(decodeHex("aa")), hex: "030200aa" },
    { name: "sequence() of nothing", der: sequence(), hex: "3000" },
    {
      name: "time() before 2050",
      der: time(new Date("2049-12-31T23:59:59.999Z")),
      hex: "170d3439313233313233353935395a",
    },
    {
      name: "time() from 2050 on",
      der: time(new Date("2050-01-01T00:00:00Z")),
      hex: "180f32303530303130313030303030305a",
    },
  ];
for (const { name, der, hex } of CASES) {
  test(`${name} is ${hex}`, () => assertEquals(encodeHex(der), hex));
}

test("tlv() writes lengths in the fewest bytes", () => {
  const head = (length: number) => encodeHex(tlv(4, new Uint8Array(length)).subarray(0, 5));
  assertEquals(head(127), "047f000000");
  assertEquals(head(128), "0481800000");
  assertEquals(head(255), "0481ff0000");
  assertEquals(head(256), "0482010000");
  assertEquals(head(65_536), "0483010000");
});

test("time() refuses years that DER cannot hold", () => {
  assertThrows(() => time(new Date("1949-12-31T00:00:00Z")), RangeError);
  assertThrows(() => time(new Date(8.64e15)), RangeError);
});

test("pem() breaks lines at 64 characters", () => {
  assertEquals(
    pem("CERTIFICATE", new Uint8Array(49)),
    `-----BEGIN CERTIFICATE-----\n${"A".repeat(64)}\nAA==\n-----END CERTIFICATE-----\n`,
  );
  assertEquals(
    pem("PRIVATE KEY", new Uint8Array(48).fill(255)),
    `-----BEGIN PRIVATE KEY-----\n${"/".repeat(64)}\n-----END PRIVATE KEY-----\n`,
  );
});
