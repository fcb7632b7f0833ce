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
  const put = fc.tuple(piece, fc.boolean());
  fc.assert(fc.property(fc.array(fc.option(put, { freq: 2 }), { maxLength: 200 }), (steps) => {
    const queue = byteQueue();
    const model: number[][] = [];
    const owns: boolean[] = [];
    for (const put of steps) {
      const step = put && put[0];
      if (step !== null) {
        owns.push(put![1]);
        if (put![1]) queue.add(step);
        else queue.push(step, 0, step.length);
        model.push([...step]);
      } else if (model.length > 0) {
        assertEquals(queue.isOwn, owns.shift());
        assertEquals(shift(queue), model.shift());
      }
      assertEquals(queue.length, model.length);
      assertEquals(queue.size, model.reduce((sum, { length }) => sum + length, 0));
    }
    while (model.length > 0) assertEquals(shift(queue), model.shift());
  }));
});

test("byteQueue() gives the pieces of messages once, in order, whatever lies between them", async () => {
  const gapAndLength = fc.tuple(fc.nat(40), fc.nat(120), fc.boolean());
  const message = fc.array(gapAndLength, { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 12 }),
      fc.boolean(),
      async (messages, waits) => {
        const queue = byteQueue();
        const model: number[][] = [];
        let next = 0;
        for (const pieces of messages) {
          const length = pieces.reduce((sum, [gap, length]) => sum + gap + length, 0);
          const bytes = Uint8Array.from({ length }, () => next++);
          let at = 0;
          for (const [gap, length, isTaken] of pieces) {
            at += gap;
            queue.push(bytes, at, at + length);
            model.push([...bytes.subarray(at, at += length)]);
            if (isTaken) assertEquals(shift(queue), model.shift());
            assertEquals(queue.length, model.length);
            assertEquals(queue.size, model.reduce((sum, { length }) => sum + length, 0));
          }
          // They are valid until the next microtask.
          if (waits) await undefined;
          bytes.fill(0xee);
        }
        while (model.length > 0) assertEquals(shift(queue), model.shift());
        assertEquals(queue.bytes.length <= 32_768, true);
      },
    ),
  );
});

test("byteQueue() copies the same array again after a microtask, and what lies before its last piece", async () => {
  const queue = byteQueue();
  const bytes = new Uint8Array(200).fill(1);
  queue.push(bytes, 0, 50);
  queue.push(bytes, 50, 100);
  await undefined;
  bytes.fill(2);
  queue.push(bytes, 100, 150);
  queue.push(bytes, 20, 30);
  bytes.fill(3);
  queue.push(bytes, 0, 10);
  const read = Array.from({ length: 5 }, () => shift(queue));
  assertEquals(read.map(([first]) => first), [1, 1, 2, 2, 3]);
  assertEquals(read.map(({ length }) => length), [50, 50, 50, 10, 10]);
});

test("byteQueue() copies no more than twice what is put into it", () => {
  const queue = byteQueue();
  for (let i = 0; i < 1000; i++) {
    const bytes = new Uint8Array(16_384);
    queue.push(bytes, 3, 7);
    queue.push(bytes, 10, 14);
  }
  assertEquals([queue.length, queue.size], [2000, 8000]);
  // The buffer doubles as it grows.
  assert(queue.bytes.length <= 2 * 2 * queue.size, `${queue.bytes.length} bytes`);
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
