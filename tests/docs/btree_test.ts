import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { btreeMap, encode, u16, u8 } from "../../codec/mod.ts";
import { readLines } from "../support/vectors.ts";

const text = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");
const block = /^```js\n(const HEADER[\s\S]*?)^```$/m.exec(text)![1]!;

interface EntryType<Entry> {
  readonly size: number;
  readonly align: number;
  parts(out: number[], entry: Entry): unknown;
  place(out: number[], at: number, entry: Entry, parts: unknown): void;
}

interface Leaf<Key> {
  readonly key: Key;
  readonly value: number;
}

interface Inner<Key> {
  readonly pointer: number;
  readonly key: Key;
}

type WriteTree = <Key>(
  out: number[],
  entries: readonly Leaf<Key>[],
  leaf: EntryType<Leaf<Key>>,
  inner: EntryType<Inner<Key>>,
) => number;

const writeTree = new Function(`${block}\nreturn writeTree;`)() as WriteTree;

function set32(out: number[], at: number, value: number): void {
  for (let i = 0; i < 4; i++) out[at + i] = (value >>> (8 * i)) & 0xff;
}

/** How a key is written before the value, or after the pointer: each is 4 bytes. */
interface KeyType<Key> {
  readonly size: number;
  parts(out: number[], key: Key): unknown;
  place(out: number[], at: number, key: Key, parts: unknown): void;
}

const NUMBER: KeyType<number> = { size: 4, parts: () => undefined, place: set32 };

const TEXT: KeyType<string> = {
  size: 8,
  parts(out, key) {
    const start = out.length;
    for (let i = 0; i < key.length; i++) out.push(key.charCodeAt(i));
    return start;
  },
  place(out, at, key, start) {
    set32(out, at, key.length);
    set32(out, at + 4, start as number - at);
  },
};

/** The archive of a map to `u32`, as PROTOCOL.md writes it. */
function archiveOf<Key>(entries: readonly Leaf<Key>[], key: KeyType<Key>): Uint8Array {
  const out: number[] = [];
  // All these entries have their fields in order: groups are equal, or descend.
  const root = writeTree(out, entries, {
    size: key.size + 4,
    align: 4,
    parts: (out, entry) => key.parts(out, entry.key),
    place(out, at, entry, parts) {
      key.place(out, at, entry.key, parts);
      set32(out, at + key.size, entry.value);
    },
  }, {
    size: key.size + 4,
    align: 4,
    parts: (out, entry) => key.parts(out, entry.key),
    place(out, at, entry, parts) {
      // Of a text, 8 bytes are of a higher group than the pointer's 4.
      const [pointerAt, keyAt] = key.size === 8 ? [at + 8, at] : [at, at + 4];
      set32(out, pointerAt, entry.pointer - pointerAt);
      key.place(out, keyAt, entry.key, parts);
    },
  });
  while (out.length % 4 !== 0) out.push(0);
  const at = out.length;
  set32(out, at, entries.length);
  set32(out, at + 4, root - (at + 4));
  return Uint8Array.from(out);
}

function* numbers(count: number): Generator<Leaf<number>> {
  for (let i = 0; i < count; i++) yield { key: Math.imul(i, 2_654_435_761) >>> 0, value: i };
}

function* texts(count: number, length: number): Generator<Leaf<string>> {
  for (let i = 0; i < count; i++) {
    yield { key: String(i).padStart(6, "0").padEnd(length, "x"), value: i };
  }
}

interface LargeLine {
  readonly name: string;
  readonly rule: string;
  readonly count: number;
  readonly bytes: number;
  readonly sha256: string;
}

const LINES = (readLines("large.jsonl") as unknown as LargeLine[]).filter(({ name }) =>
  /^btreemap\/(?:u32|string)_u32/.test(name)
);

test("PROTOCOL.md writes B-trees of one to three levels as rkyv does", () => {
  assertEquals(LINES.length, 6);
  for (const { name, rule, count, bytes, sha256 } of LINES) {
    const archive = rule === "spread"
      ? archiveOf([...numbers(count)].sort((a, b) => a.key - b.key), NUMBER)
      : archiveOf([...texts(count, Number(/\d+$/.exec(rule)![0]))], TEXT);
    assertEquals(archive.length, bytes, name);
    assertEquals(createHash("sha256").update(archive).digest("hex"), sha256, name);
  }
});

test("PROTOCOL.md says what is where in the header of a B-tree's node", () => {
  const start = text.indexOf("| offset", text.indexOf("### B-trees"));
  const rows = text.slice(start, text.indexOf("\n\n", start)).split("\n").slice(2);
  const cells = rows.map((line) => line.split("|").slice(1, 4).map((cell) => cell.trim()));
  const map = btreeMap(u16, u8);
  const archive = encode(map, new Map(Array.from({ length: 2000 }, (_, i) => [i, i & 0xff])));
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const root = archive.length - 4 + view.getInt32(archive.length - 4, true);
  const last = root + 4 + view.getInt32(root + 4, true);
  // The root is inner, and its first child is the leaf that was written last.
  assert((view.getUint16(root + 8, true) & 0x8000) !== 0);
  assertEquals(view.getUint16(last + 8, true) & 0x8000, 0);
  // A leaf's out-of-line parts are between the next leaf and the leaf.
  const next = last + 4 + view.getInt32(last + 4, true);
  assert(next < last && (view.getUint16(next + 8, true) & 0x8000) === 0);
  assertEquals([view.getUint32(root, true), view.getUint32(last, true)].every((n) => n < 8), true);
  assertEquals(cells, [
    ["0", "4", "bytes between the start of the node's parts and this header"],
    ["4", "4", "leaf: pointer to the next leaf, or 0; inner node: pointer to the child before all"],
    ["8", "2", "count of entries; bit 15 is set in inner nodes"],
    ["10", "2", "–"],
  ]);
});
