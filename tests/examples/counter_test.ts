import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { counter } from "../../examples/counter/handler.ts";
import { page } from "../../examples/counter/page.ts";
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

test("the counter's page is served every module that it imports, and what those import", async () => {
  const paths = new Set(["/examples/counter/page/app.ts"]);
  for (const path of paths) {
    const url = `https://localhost${path}`;
    const response = await page(new Request(url));
    assertEquals(response.status, 200, path);
    for (const [, name] of (await response.text()).matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      paths.add(new URL(name!, url).pathname);
    }
  }
  assertEquals(paths.has("/browser.ts") && paths.size > 50, true);
});
