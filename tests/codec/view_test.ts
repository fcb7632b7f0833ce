import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import {
  btreeMap,
  bytes,
  CodecError,
  encode,
  lazy,
  map,
  materialize,
  option,
  type Schema,
  string,
  struct,
  tuple,
  u32,
  u8,
  variants,
  vec,
  view,
} from "../../codec/mod.ts";
import { BACKENDS } from "../support/backends.ts";
import { build, type Line, readLines } from "../support/vectors.ts";
import { checkView, readBoth } from "../fuzz/support.ts";
import { decodeHex } from "@std/encoding";

const List = struct({
  title: string,
  due: option(u32),
  tasks: vec(struct({ text: string, status: variants({ open: null, done: { at: u32 } }) })),
  byName: map(string, u32),
  sorted: btreeMap(string, tuple(u32, string)),
  blob: bytes,
});
const VALUE = {
  title: "a list with a long title",
  due: null,
  tasks: [
    { text: "write", status: { type: "open" } },
    { text: "read what was written", status: { type: "done", at: 7 } },
  ],
  byName: new Map([["één", 1], ["a name longer than seven", 2], ["", 3]]),
  sorted: new Map(
    Array.from(
      { length: 600 },
      (_, i): [string, [number, string]] => [`key number ${i}`, [i, "x"]],
    ),
  ),
  blob: Uint8Array.of(1, 2, 3),
} as const;
const ARCHIVE = encode(List, VALUE as never);

test("view() shows the fields of an archive by their types", () => {
  const seen = view(List, ARCHIVE);
  assertEquals(seen.title, VALUE.title);
  assertEquals(seen.due, null);
  assertEquals(seen.tasks.length, 2);
  assertEquals(seen.tasks.at(0)?.status.type, "open");
  const status = seen.tasks.at(-1)?.status;
  assert(status?.type === "done");
  assertEquals(status.at, 7);
  assertEquals(seen.tasks.at(2), undefined);
  assertEquals([...seen.tasks].map(({ text }) => text), ["write", "read what was written"]);
  assertEquals(seen.byName.get("één"), 1);
  assertEquals(seen.byName.get("a name longer than seven"), 2);
  assertEquals(seen.byName.get(""), 3);
  assertEquals(seen.byName.get("a name longer than sevem"), undefined);
  assertEquals(seen.byName.get("\ud800"), undefined);
  assertEquals(seen.sorted.get("key number 599")?.[0], 599);
  assertEquals(seen.sorted.has("key number 600"), false);
  assertEquals([...seen.sorted.keys()].length, 600);
  assertEquals(seen.blob, VALUE.blob);
  assertStrictEquals(seen.blob.buffer, ARCHIVE.buffer, "bytes are not copied");
  const tasks: readonly { text: string }[] = materialize(seen.tasks);
  assertEquals(tasks[1]?.text, "read what was written");
});

test("view() checks only the parts that are read, and says where", () => {
  const archive = ARCHIVE.slice();
  const at = new TextDecoder("latin1").decode(archive).indexOf("read what");
  archive[at] = 0xff;
  const seen = view(List, archive);
  assertEquals(seen.title, VALUE.title);
  const error = assertThrows(() => seen.tasks.at(1)?.text, CodecError);
  assertEquals([error.code, error.path, error.offset], ["Utf8Error", "tasks[1].text", at]);
  const whole = assertThrows(() => materialize(seen), CodecError);
  assertEquals([whole.code, whole.path], ["Utf8Error", "tasks[1].text"]);
  assertEquals(assertThrows(() => view(List, new Uint8Array(4)), CodecError).code, "OutOfBounds");
});

test("view() does not follow a pointer that leads forward or to itself", () => {
  interface Loop {
    readonly next: readonly Loop[];
  }
  const Loop: Schema<Loop> = struct({ next: vec(lazy(() => Loop)) }) as unknown as Schema<Loop>;
  const itself = Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0);
  assertThrows(() => view(Loop, itself).next, CodecError);
  const forward = Uint8Array.of(8, 0, 0, 0, 1, 0, 0, 0, 0xf8, 255, 255, 255, 1, 0, 0, 0);
  const first = view(Loop, forward).next.at(0);
  assertEquals(assertThrows(() => first?.next, CodecError).code, "SubtreePointerOutOfBounds");
});

test("a struct's field may have any name and be seen", () => {
  const odd = struct({ ["__proto__"]: u8, constructor: u8, size: u8 }) as Schema<unknown>;
  const seen = view(odd, Uint8Array.of(1, 2, 3)) as Record<string, unknown>;
  assertEquals([seen["__proto__"], seen["constructor"], seen["size"]], [1, 2, 3]);
});

for (const file of ["values.jsonl", "reference/core.jsonl.gz", "reference/random.jsonl.gz"]) {
  test(`view() shows each line of ${file} as decode() gives it`, () => {
    const lines = readLines(file);
    assert(lines.length > 350);
    for (const line of lines) checkViewed(line);
  });
}

for (const file of ["malformed.jsonl", "reference/malformed.jsonl.gz"]) {
  test(`view() shows or refuses each line of ${file}`, () => {
    const lines = readLines(file);
    assert(lines.length > 1400);
    for (const line of lines) checkViewed(line);
  });
}

function checkViewed(line: Line): void {
  const { schema } = build(line.schema);
  const archive = decodeHex(line.hex);
  checkView(schema, archive, readBoth(BACKENDS[0]!, schema, archive));
}
