import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { CodecError, encode } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { readTopic } from "../../wire/known_topic.ts";
import { Topic, topic } from "../../wire/topic.ts";

/** Bytes of a topic's root. */
const ROOT_BYTES = 12;

function readBy(read: (reader: Reader, at: number) => Topic, archive: Uint8Array): Topic {
  const reader = new Reader();
  reader.reset(archive);
  reader.open(0, archive.length);
  return read(reader, reader.root(ROOT_BYTES, 4));
}

const archived = (value: string | Uint8Array): Uint8Array => encode(topic, Topic.from(value));

test("readTopic() gives the last topic again, and no other", () => {
  const first = readBy(readTopic, archived("room-a"));
  assertStrictEquals(readBy(readTopic, archived("room-a")), first);
  const others = ["room-b", "room-", "room-ab", "", new TextEncoder().encode("room-a")];
  for (const other of others) {
    const read = readBy(readTopic, archived(other));
    assertEquals(read.key, Topic.from(other).key);
    assertEquals(readBy(readTopic, archived("room-a")).key, "sroom-a");
  }
});

test("readTopic() keeps nothing of the bytes that it read, and no long topic", () => {
  const archive = archived("kept");
  const first = readBy(readTopic, archive);
  archive.fill(0);
  assertEquals(`${first}`, "kept");
  const long = "l".repeat(65);
  assert(readBy(readTopic, archived(long)) !== readBy(readTopic, archived(long)));
});

test("readTopic() refuses what a topic's schema refuses, also if the last had these bytes", () => {
  const good = archived("abcd");
  let refused = 0;
  for (let at = 0; at < good.length; at++) {
    for (const value of [0, 1, 2, 0x61, 0x7f, 0x80, 0xf4, 0xfc, 0xff]) {
      const changed = good.with(at, value);
      const expected = outcome(() => readBy(topic.read, changed));
      readBy(readTopic, good);
      assertEquals(outcome(() => readBy(readTopic, changed)), expected);
      if (expected.startsWith("Error")) refused++;
    }
  }
  assert(refused > 20);
  // Known bytes where none may lie: before those that are taken.
  const reader = new Reader();
  reader.reset(good);
  reader.open(0, good.length);
  const at = reader.root(ROOT_BYTES, 4);
  readTopic(reader, at);
  assertThrows(() => readTopic(reader, at), CodecError);
});

function outcome(read: () => Topic): string {
  try {
    return read().key;
  } catch (error) {
    assert(error instanceof CodecError);
    return `Error ${error.code} at ${error.offset}`;
  }
}
