import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { counter } from "../../examples/counter/handler.ts";
import { Counter } from "../../examples/counter/service.ts";
import { memoryPair } from "../../memory.ts";

test("the counter goes down to 0 and up to the largest u32, and no further", async () => {
  const errors: unknown[] = [];
  await using pair = await memoryPair(Counter, counter, {
    server: { onError: (error) => errors.push(error) },
  });
  const { rpc, state } = pair.client;
  await rpc.newCounter();
  await rpc.decrement({ amount: 1 });
  assertEquals([state.current.counter, await rpc.get()], [0, 0]);
  for (let i = 0; i < 2; i++) await rpc.increment({ amount: 2 ** 32 - 2 });
  assertEquals([state.current.counter, await rpc.get()], [2 ** 32 - 1, 2 ** 32 - 1]);
  await rpc.decrement({ amount: 2 });
  assertEquals(await rpc.get(), 2 ** 32 - 3);
  assertEquals(errors, []);
});
