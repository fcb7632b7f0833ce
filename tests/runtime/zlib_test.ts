import process from "node:process";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { storedSize } from "../../deflate/stored.ts";
import { CODES_ONLY, type DeflateOwner, type Deflater } from "../../wire/deflater.ts";
import {
  createZlibDeflater,
  LARGE_BYTES,
  MAX_OWN_CHEAP_BYTES,
  MAX_OWN_DEFLATE_BYTES,
  MAX_THREADS,
  MAX_WAITING,
  MAX_WAITING_EACH,
  MIN_ASYNC_DEFLATE_BYTES,
} from "../../runtime/node/zlib.ts";
import { deflaterTests } from "../deflate/deflater_cases.ts";
import { inputs } from "../deflate/support.ts";

function create(): Deflater {
  const deflater = createZlibDeflater();
  assert(deflater !== undefined);
  return deflater;
}

deflaterTests("createZlibDeflater()", create);

test("createZlibDeflater() deflates large messages at the level asked for", async () => {
  for (const size of [MAX_OWN_DEFLATE_BYTES + 1, MAX_OWN_CHEAP_BYTES + 1, 100_000]) {
    const input = inputs(size).json;
    for (const level of size > MAX_OWN_CHEAP_BYTES ? [1, 6, 9] : [6, 9]) {
      const deflated = await create().deflate(input, level);
      const spent = level === 6 && size >= LARGE_BYTES ? 5 : level;
      const expected = deflateRawSync(input, { level: spent });
      assertEquals(new Uint8Array(deflated), new Uint8Array(expected));
    }
  }
});

test("createZlibDeflater() halves hexadecimal digits by codes alone", async () => {
  for (const size of [MAX_OWN_DEFLATE_BYTES + 1, 100_000, MIN_ASYNC_DEFLATE_BYTES]) {
    const input = new TextEncoder().encode(randomBytes(size).toString("hex").slice(0, size));
    const deflated = await create().deflate(input, CODES_ONLY);
    assert(deflated.length < 0.6 * size, `${deflated.length} of ${size}`);
    assertEquals(new Uint8Array(inflateRawSync(deflated)), input);
  }
});

test("createZlibDeflater() stores what finds every thread taken and the queue full", async () => {
  const deflater = create();
  const input = new Uint8Array(MIN_ASYNC_DEFLATE_BYTES);
  const deflated = Array.from({ length: MAX_THREADS + MAX_WAITING }, () => {
    const later = deflater.deflate(input, 6);
    assertInstanceOf(later, Promise);
    return later;
  });
  const stored = deflater.deflate(input, 6, { wanted: true, mayWait: () => true });
  assertInstanceOf(stored, Uint8Array);
  assertEquals(stored.length, storedSize(input.length));
  assertEquals(deflater.inflate(stored, input.length).length, input.length);
  // One for many connections, and one that may not wait as it is.
  for (const owner of [undefined, { wanted: true, mayWait: () => false }]) {
    const small = deflater.deflate(input, 6, owner);
    assertInstanceOf(small, Uint8Array);
    assert(small.length < 20_000, `${small.length} bytes`);
    assertEquals(inflateRawSync(small).length, input.length);
  }
  for (const bytes of await Promise.all(deflated)) assert(bytes.length < 2000);
  // The queue is empty again.
  assertInstanceOf(deflater.deflate(input, 6), Promise);
});

test("createZlibDeflater() has one message of a connection on another thread at a time", async () => {
  const deflater = create();
  const bytes = new Uint8Array(MIN_ASYNC_DEFLATE_BYTES).map((_, i) => i * i >> 3);
  const one = { wanted: true, mayWait: () => true };
  const order: string[] = [];
  const deflate = (name: string, level: number, owner: DeflateOwner) =>
    Promise.resolve(deflater.deflate(bytes, level, owner)).then(() => order.push(name));
  // More than there are threads for, of one connection; then one of another, that is quicker.
  const all = Array.from({ length: 4 }, (_, i) => deflate(`one ${i}`, 9, one));
  await Promise.all([...all, deflate("other", 1, { wanted: true, mayWait: () => true })]);
  assertEquals(order.filter((name) => name !== "other"), ["one 0", "one 1", "one 2", "one 3"]);
  // It waits for no more than one of them; a busy machine may hear of more before it.
  assert(order.at(-1) !== "other", order.join());
});

test("createZlibDeflater() drops what waits for a connection that has ended", async () => {
  const deflater = create();
  const bytes = new Uint8Array(MIN_ASYNC_DEFLATE_BYTES);
  const gone = { wanted: true, mayWait: () => true };
  const outcomes = Array.from({ length: 1 + MAX_WAITING_EACH }, () => {
    const deflated = deflater.deflate(bytes, 6, gone);
    assert(deflated instanceof Promise);
    return deflated.then(() => "deflated", () => "dropped");
  });
  // A further one need not wait: there is room for others.
  assertInstanceOf(deflater.deflate(bytes, 6, gone), Uint8Array);
  gone.wanted = false;
  const other = deflater.deflate(bytes, 6, { wanted: true, mayWait: () => true });
  assert(other instanceof Promise);
  assertEquals(inflateRawSync(await other).length, bytes.length);
  assertEquals(await Promise.all(outcomes), [
    "deflated",
    ...new Array(MAX_WAITING_EACH).fill("dropped"),
  ]);
});

test("createZlibDeflater() works without zlib, and is undefined without getBuiltinModule()", async () => {
  const { getBuiltinModule } = process;
  const set = (value: unknown): void => {
    Object.defineProperty(process, "getBuiltinModule", { value, configurable: true });
  };
  const input = inputs(100_000).json;
  try {
    set(undefined);
    assertEquals(createZlibDeflater(), undefined);
    set(() => undefined);
    const deflated = new Uint8Array(await create().deflate(input, 6));
    assert(deflated.length < input.length);
    assertEquals(new Uint8Array(create().inflate(deflated, input.length)), new Uint8Array(input));
  } finally {
    set(getBuiltinModule);
  }
});

test("createZlibDeflater() answers at once until another thread is worth it", async () => {
  const at = (size: number, level: number) => create().deflate(new Uint8Array(size), level);
  for (const size of [0, 64, MAX_OWN_DEFLATE_BYTES, 65_536, MIN_ASYNC_DEFLATE_BYTES - 1]) {
    assertInstanceOf(at(size, 6), Uint8Array);
  }
  assertInstanceOf(at(MIN_ASYNC_DEFLATE_BYTES, 0), Uint8Array);
  const later = at(MIN_ASYNC_DEFLATE_BYTES, 6);
  assertInstanceOf(later, Promise);
  assert((await later).length < 2000);
});
