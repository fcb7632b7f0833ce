import { assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  chooseLevel,
  compareFingerprint,
  extensionAnswered,
  extensionOf,
  formatFingerprint,
  introduce,
  parseFingerprint,
  parseProtocols,
  receivesOf,
} from "../../wire/handshake.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";

const LEVELS: readonly (readonly [header: string | null, level: number])[] = [
  ["0", 0],
  ["1", 1],
  ["9", 9],
  ["06", 6],
  [" 3 ", 3],
  ["+4", 4],
  ["3, 5", 3],
  ["0000000004", 4],
  [null, 6],
  ["", 6],
  ["10", 6],
  ["255", 6],
  ["256", 6],
  ["-1", 6],
  ["3.0", 6],
  ["x", 6],
  ["1e0", 6],
  ["0x3", 6],
  ["+", 6],
  ["x, 3", 6],
]; // as observed of the Rust server

for (const [header, level] of LEVELS) {
  test(`chooseLevel(${JSON.stringify(header)}) is ${level}, as in Rust`, () => {
    assertEquals(chooseLevel(header), level);
  });
}

test("chooseLevel() takes a browser's token where there is no header", () => {
  assertEquals(chooseLevel(null, ["hl.2", "hl.2.c3"]), 3);
  assertEquals(chooseLevel("1", ["hl.2", "hl.2.c3"]), 1);
  assertEquals(chooseLevel(null, ["hl.2", "hl.2.c10", "hl.2.c", "hl.2.cx"]), 6);
});

test("parseProtocols() reads a list with any spaces", () => {
  assertEquals(parseProtocols("hl/2,hl.2 ,  hl.2.c6,,"), ["hl/2", "hl.2", "hl.2.c6"]);
  assertEquals(parseProtocols(null), []);
});

const OURS = { methods: "0".repeat(16), state: "1".repeat(16), events: "2".repeat(16) };

test("compareFingerprint() names what differs", () => {
  const theirs = (change: Partial<typeof OURS>) => ({ ...OURS, ...change });
  const other = "f".repeat(16);
  assertEquals(compareFingerprint(OURS, theirs({})), []);
  assertEquals(compareFingerprint(OURS, theirs({ methods: other })), ["methods"]);
  assertEquals(compareFingerprint(OURS, theirs({ state: other, events: other })), [
    "state",
    "events",
  ]);
  assertEquals(compareFingerprint(OURS, null), [], "a Rust peer sends none");
});

test("parseFingerprint() reads what formatFingerprint() writes, and nothing else", () => {
  const text = formatFingerprint({ ...OURS, events: "0123456789abcdef" });
  assertEquals(parseFingerprint(text)?.events, "0123456789abcdef");
  for (const other of ["", "x", text.toUpperCase(), text.slice(17), `${text}.`, ` ${text}`]) {
    assertEquals(parseFingerprint(other), undefined, other);
  }
});

test("introduce() keeps the rest of the query, and adds the limits", () => {
  const query = new URLSearchParams("a=b&hl=old&hl-max=1000.2000");
  // The meaning of a missing `hl-max` can never change: clients of 0.1.0 do not send it at these limits.
  const silent = { maxMessageBytes: 1_048_576, maxInflatedBytes: 8_388_608 };
  introduce(query, OURS, silent);
  assertEquals([...query.keys()], ["a", "hl", "hl-max", "hl-x"]);
  assertEquals(query.get("hl-x"), "1");
  assertEquals(parseFingerprint(query.get("hl")!), OURS);
  assertEquals(receivesOf(query), silent);
  query.delete("hl-max");
  assertEquals(receivesOf(query), silent);
  introduce(query, OURS, DEFAULT_LIMITS);
  assertEquals(query.get("hl-max"), "2097152.2097152");
  introduce(query, OURS, { maxMessageBytes: 1000, maxInflatedBytes: 2000 });
  assertEquals(receivesOf(query), { maxMessageBytes: 1000, maxInflatedBytes: 2000 });
});

const GARBAGE =
  "1.2 255.300 300.255 1000 .1000 1000. 01000.1000 1e4.1000 -1000.1000 1000.1000.1000 10000000000000000.1000"
    .split(" ");
test("receivesOf() reads nothing but two sizes of at least 256 bytes", () => {
  for (const text of ["", " 1000.1000", ...GARBAGE]) {
    assertEquals(receivesOf(new URLSearchParams({ "hl-max": text })), undefined, text);
  }
  const largest = Number.MAX_SAFE_INTEGER;
  assertEquals(receivesOf(new URLSearchParams(`hl-max=256.${largest}`)), {
    maxMessageBytes: 256,
    maxInflatedBytes: largest,
  });
});

test("extensionOf() is the latest that both know, by the query or by the subprotocols", () => {
  const known: readonly (readonly [query: string, protocols: string, extension: 0 | 1])[] = [
    ["", "hl/2", 0],
    ["hl-x=1", "hl/2", 1],
    ["hl-x=1&hl-x=x", "hl/2", 1],
    ["hl-x=2", "hl/2", 1],
    ["hl-x=999", "hl/2 hl.2", 1],
    ["", "hl/2 hl.2 hl.2.x1", 0],
    ["", "hl.2 hl.2.x1 hl.2.c0", 1],
    ["", "hl.2.x1 hl.2", 1],
    ["", "hl.2.x1", 0],
    ["hl-x=1", "hl.2.x1 hl.2.no", 0],
    ["hl-x=1", "hl.2", 0],
    ["", "hl.2 hl.2.x2", 0],
    ...["", "0", "01", "+1", "1.0", "1e1", " 1", "x", "1000"].map((text) =>
      [`hl-x=${encodeURIComponent(text)}`, "hl/2", 0] as const
    ),
  ];
  for (const [query, protocols, extension] of known) {
    const agreed = extensionOf(new URLSearchParams(query), protocols.split(" "));
    assertEquals(agreed, extension, `${query} ${protocols}`);
  }
});

test("extensionAnswered() takes what was offered, or none", () => {
  assertEquals([null, undefined, "1"].map(extensionAnswered), [0, 0, 1]);
  for (const text of ["", "0", "2", "01", "1, 1", "x"]) {
    assertEquals(extensionAnswered(text), undefined, text);
  }
});
