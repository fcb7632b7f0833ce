import { assertEquals, assertStrictEquals } from "@std/assert";
import { test } from "node:test";
import { memoryPair } from "../../memory.ts";
import { rpc, service, string, struct, u32, vec } from "../../mod.ts";
import { chatPair, type ChatState, settle } from "../support/chat_service.ts";
import { deferred } from "../support/deferred.ts";

test("state: what a call changed is there when the call resolves", async () => {
  await using pair = await chatPair();
  const { rpc, state } = pair.client;
  const before = state.current;
  assertEquals(before, { total: 0, words: [], seen: new Map() });
  for (let i = 1; i <= 50; i++) {
    await rpc.add({ amount: 1 });
    assertEquals(state.current.total, i);
  }
  await rpc.push({ word: "a" });
  await rpc.push({ word: "a" });
  assertEquals(state.current, { total: 50, words: ["a", "a"], seen: new Map([["a", 2]]) });
  assertEquals(before.total, 0);
});

test("state: a call that changes nothing sends nothing", async () => {
  await using pair = await chatPair();
  const { rpc, state } = pair.client;
  await rpc.add({ amount: 1 });
  const { current } = state;
  await rpc.nothing();
  await rpc.add({ amount: 0 });
  assertStrictEquals(state.current, current);
});

test("state: calls in flight together see their own changes", async () => {
  await using pair = await chatPair();
  const { rpc, state } = pair.client;
  await Promise.all(Array.from({ length: 200 }, async () => {
    const total = await rpc.add({ amount: 1 });
    assertEquals(state.current.total >= total, true);
  }));
  assertEquals(state.current.total, 200);
});

test("state: a change outside a call comes by connection.sync()", async () => {
  await using pair = await chatPair();
  const [context] = pair.contexts;
  const until = pair.client.state.until(({ total }) => total === 7);
  context!.state.total = 7;
  context!.connection.sync();
  assertEquals((await until).total, 7);
});

test("state: watchers see each change in order, and none after they stop", async () => {
  await using pair = await chatPair();
  const { rpc, state } = pair.client;
  const seen: number[] = [];
  const stop = state.subscribe(({ total }: Readonly<ChatState>) => seen.push(total));
  for (let i = 0; i < 5; i++) await rpc.add({ amount: 1 });
  stop();
  await rpc.add({ amount: 1 });
  assertEquals(seen, [1, 2, 3, 4, 5]);
});

test("state: changes() ends when the client closes", async () => {
  await using pair = await chatPair();
  const { rpc, state } = pair.client;
  const totals: number[] = [];
  const reading = (async () => {
    for await (const { total } of state.changes()) totals.push(total);
  })();
  await rpc.add({ amount: 1 });
  await settle();
  await rpc.add({ amount: 1 });
  await settle();
  await pair.client.close();
  await reading;
  assertEquals(totals, [1, 2]);
});

const Cart = service({
  name: "Cart",
  rpc: { put: rpc({ item: string }), nothing: rpc() },
  state: { items: vec(string), saved: vec(string), last: struct({ n: u32 }), seconds: u32 },
});

test("state: what is held across a connection.sync() and another call is still watched", async () => {
  const gate = deferred<void>();
  let sync = (): void => {};
  await using pair = await memoryPair(Cart, ({ state, connection }) => {
    sync = () => {
      state.seconds++;
      connection.sync();
    };
    return {
      async put({ item }) {
        const { items } = state;
        await gate.promise;
        items.push(item);
      },
      nothing() {},
    };
  });
  const { rpc: call, state } = pair.client;
  const putting = call.put({ item: "apple" });
  await settle();
  sync();
  await call.nothing();
  gate.resolve();
  await putting;
  assertEquals(state.current.items, ["apple"]);
});

test("state: a handler may keep changing objects that it read from it or assigned to it", async () => {
  await using pair = await memoryPair(Cart, ({ state }) => {
    const { items } = state;
    const own = { n: 0 };
    state.last = own;
    return {
      put({ item }) {
        items.push(item);
        own.n++;
        if (items.length === 2) state.saved = state.items;
      },
      nothing() {},
    };
  });
  const { rpc: call, state } = pair.client;
  for (const item of ["a", "b", "c"]) {
    await call.nothing();
    await call.put({ item });
  }
  const { items, saved, last } = state.current;
  assertEquals({ items, saved, last }, {
    items: ["a", "b", "c"],
    saved: ["a", "b", "c"],
    last: { n: 3 },
  });
});
