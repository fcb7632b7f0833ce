import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { generalName } from "../../tls/general_name.ts";

const HOSTS: readonly (readonly [host: string, der: string])[] = [
  ["localhost", "82096c6f63616c686f7374"],
  ["*.a.example", "820b2a2e612e6578616d706c65"],
  ["xn--bcher-kva", "820d786e2d2d62636865722d6b7661"],
  ["127.0.0.1", "87047f000001"],
  ["255.255.255.255", "8704ffffffff"],
  ["::", "871000000000000000000000000000000000"],
  ["::1", "871000000000000000000000000000000001"],
  ["[::1]", "871000000000000000000000000000000001"],
  ["1::", "871000010000000000000000000000000000"],
  ["2001:db8::8:800:200c:417A", "871020010db80000000000080800200c417a"],
  ["1:2:3:4:5:6:7:8", "871000010002000300040005000600070008"],
  ["1:2:3:4:5:6:7::", "871000010002000300040005000600070000"],
  ["::ffff:192.0.2.1", "871000000000000000000000ffffc0000201"],
  ["1:2:3:4:5:6:192.0.2.1", "8710000100020003000400050006c0000201"],
];
for (const [host, der] of HOSTS) {
  test(`generalName() of ${host}`, () => assertEquals(encodeHex(generalName(host)), der));
}

const REFUSED = [
  "",
  " ",
  "a b",
  "a..b",
  ".a",
  "a.",
  "-a",
  "a-",
  "*",
  "*.*",
  "a.*.b",
  "*.com",
  "bücher",
]
  .concat(["a".repeat(64), "a.".repeat(130) + "a", "http://a", "a:80", "a\0", "localhost\n"])
  .concat([
    "256.0.0.1",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.2.3.4 ",
    "[1.2.3.4]",
    "1.2.3.0x4",
    "1",
  ])
  .concat([":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "g::"])
  .concat([
    "12345::",
    "::1%lo",
    "1.2.3.4::",
    "::1.2.3.4:1",
    ":1",
    "1:",
    "[::1",
    "::1]",
    "[]",
    "[a]",
  ]);
for (const host of REFUSED) {
  test(`generalName() refuses ${JSON.stringify(host)}`, () => {
    assertThrows(() => generalName(host), TypeError);
  });
}
