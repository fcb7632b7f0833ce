import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import fc from "fast-check";
import { type ByteQueue, byteQueue } from "../../stream/byte_queue.ts";

function shift(queue: ByteQueue): number[] {
  const { bytes, start } = queue;
  const length = queue.shift();
  return [...bytes.subarray(start, start + length)];
}

test("byteQueue() gives each piece once, in order, whatever is put and taken between", () => {
  const piece = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(fc.array(fc.option(piece, { freq: 2 }), { maxLength: 200 }), (steps) => {
    const queue = byteQueue();
    const model: number[][] = [];
    for (const step of steps) {
      if (step !== null) {
        queue.push(step, 0, step.length);
        model.push([...step]);
      } else if (model.length > 0) assertEquals(shift(queue), model.shift());
      assertEquals(queue.length, model.length);
      assertEquals(queue.size, model.reduce((sum, { length }) => sum + length, 0));
    }
    while (model.length > 0) assertEquals(shift(queue), model.shift());
  }));
});

test("byteQueue() keeps a part of its input", () => {
  const queue = byteQueue();
  queue.push(Uint8Array.of(1, 2, 3, 4), 1, 3);
  assertEquals(shift(queue), [2, 3]);
});

test("byteQueue() holds no more than a small multiple of what is in it, however much went through", () => {
  const queue = byteQueue();
  const piece = new Uint8Array(1000);
  for (let i = 0; i < 10; i++) queue.push(piece, 0, piece.length);
  for (let i = 0; i < 10_000; i++) {
    queue.push(piece, 0, piece.length);
    queue.shift();
    assert(queue.bytes.length <= 64_000, `${queue.bytes.length} bytes for ${queue.size}`);
  }
  const large = new Uint8Array(1 << 20);
  queue.push(large, 0, large.length);
  while (queue.length > 0) queue.shift();
  assertEquals(queue.bytes.length, 0, "what was large is let go");
});
