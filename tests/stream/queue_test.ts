import { assert } from "@std/assert";
import { test } from "node:test";
import { queue, type QueueIterator } from "../../stream/queue.ts";
import { collected } from "../support/garbage.ts";

const QUEUES = 50;

test("a queue that has ended is collected, also where what it was made with references its iterator", async () => {
  let left = QUEUES;
  const registry = new FinalizationRegistry(() => left--);
  const make = (): void => {
    const made: { iterator?: QueueIterator<number> } = {};
    // As an application's function that is passed to connect(), beside the events that it reads.
    const onDrop = () => void made.iterator;
    let stop = () => {};
    made.iterator = queue<number>({ maxItems: 1, onAbort: () => () => {}, onDrop }, (push, end) => {
      push(1);
      stop = end;
      return () => {};
    });
    registry.register(made, undefined);
    stop();
  };
  for (let i = 0; i < QUEUES; i++) make();
  // The last may still be in a register.
  assert(await collected(() => left < 10, 50), `${left} of ${QUEUES} are left`);
});
