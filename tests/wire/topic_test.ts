import { defaultOf } from "../../codec/default.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { test } from "node:test";
import {
  bool,
  bytes,
  decode,
  encode,
  option,
  type Schema,
  signature,
  struct,
} from "../../codec/mod.ts";
import { Topic, topic, topicKey } from "../../wire/topic.ts";

test("a text topic and a byte topic with equal bytes are different", () => {
  const text = Topic.from("ab");
  const raw = Topic.from(Uint8Array.of(0x61, 0x62));
  assertEquals(encodeHex(text.bytes), encodeHex(raw.bytes));
  assert(!text.equals(raw));
  assert(text.key !== raw.key);
  assertEquals([text.isString, raw.isString], [true, false]);
});

test("Topic.equals() compares what came by different ways", () => {
  assert(Topic.from("zimmer-ä").equals(Topic.fromWire(new TextEncoder().encode("zimmer-ä"), true)));
  assert(Topic.from(Uint8Array.of(0xff)).equals(Topic.fromWire(Uint8Array.of(0xff), false)));
  assert(!Topic.from("a").equals(Topic.from("b")));
  assertEquals(topicKey("ä"), Topic.from("ä").key);
});

test("a topic does not change with the bytes it was made from, or that it gave", () => {
  const bytes = Uint8Array.of(1, 2);
  const made = Topic.from(bytes);
  bytes[0] = 9;
  made.bytes[1] = 9;
  assertEquals([...made.bytes], [1, 2]);
});

test("a text topic whose bytes are no UTF-8 is like no text, as in Rust", () => {
  const odd = Topic.fromWire(Uint8Array.of(0xff), true);
  assertEquals(odd.toString(), "");
  assert(!odd.equals(Topic.from("")));
  assert(!odd.equals(Topic.from(Uint8Array.of(0xff))));
  assert(odd.equals(Topic.fromWire(Uint8Array.of(0xff), true)));
});

test("the key of a large topic is one character a byte", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i);
  const { key } = Topic.from(bytes);
  assertEquals(key.length, 100_001);
  assert(bytes.every((byte, i) => key.charCodeAt(i + 1) === byte));
});

test("a byte order mark is part of a topic", () => {
  const marked = Topic.fromWire(new TextEncoder().encode("\ufeffa"), true);
  assertEquals(marked.toString(), "\ufeffa");
  assert(!marked.equals(Topic.from("a")));
});

test("Topic.from() refuses a lone surrogate", () => {
  assertThrows(() => Topic.from("\ud800"), TypeError);
});

test("topic archives as Rust's Topic, and defaults to no bytes", () => {
  assertEquals(encodeHex(encode(topic, Topic.from("ab"))), "61620000fcffffff0200000001000000");
  assertEquals(encodeHex(encode(topic, defaultOf(topic))), "000000000000000000000000");
  const back = decode(topic, encode(topic, Topic.from("ab")));
  assert(back.equals(Topic.from("ab")));
  assertThrows(() => encode(topic, "ab" as unknown as Topic), RangeError);
});

test("topic lies where a struct of its fields does", () => {
  const fields = struct({ inner: bytes, is_string: bool });
  for (const name of ["size", "align", "niche"] as const) {
    assertEquals(topic[name], fields[name]);
  }
  const [own, other] = [topic, fields].map((schema) => option(schema as Schema<unknown>));
  assertEquals([own!.size, own!.niche], [other!.size, other!.niche]);
  assertEquals(signature(topic), signature(fields));
  const archive = encode(fields, { inner: Uint8Array.of(97, 98), is_string: true });
  assertEquals(encode(topic, Topic.from("ab")), archive);
});
