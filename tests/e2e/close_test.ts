import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { memoryPair } from "../../memory.ts";
import { bytes, rpc, RpcError, service, u32, unit } from "../../mod.ts";
import type { Context } from "../../server.ts";
import { settle } from "../support/chat_service.ts";
import { type Deferred, deferred } from "../support/deferred.ts";
import { noise } from "../support/noise.ts";

const Data = service({
  name: "Data",
  rpc: { get: rpc({ length: u32 }, bytes), small: rpc({}, u32), leave: rpc({}, unit) },
  state: { count: u32 },
  event: u32,
});

for (const length of [1000, 1_000_000, 1_048_500, 3_000_000]) {
  test(`connection.close() sends earlier answers first, ${length} bytes and those behind`, async () => {
    await using pair = await memoryPair(
      Data,
      ({ state, events, subscriptions, connection }) => {
        subscriptions.add("a");
        return {
          get: ({ length }) => noise(length),
          small() {
            state.count = 5;
            events.emit("a", 7);
            return 1;
          },
          leave: () => connection.close(4200, "enough"),
        };
      },
      {
        client: {
          limits: { maxMessageBytes: 4 << 20, maxInflatedBytes: 4 << 20 },
          reconnect: false,
        },
      },
    );
    const { client } = pair;
    const events = client.events();
    const states: number[] = [];
    client.state.subscribe(({ count }) => states.push(count));
    const [big, small, left] = await Promise.allSettled([
      client.rpc.get({ length }),
      client.rpc.small(),
      client.rpc.leave(),
    ]);
    assertEquals(big.status === "fulfilled" && big.value.length, length);
    assertEquals(small, { status: "fulfilled", value: 1 });
    assertEquals(left.status, "rejected");
    assertEquals((await events.next()).value?.payload, 7);
    assertEquals(states[0], 5);
    assert(client.status.cause?.message.includes("4200: enough"));
    await settle();
    assertEquals(pair.server.connections, 0);
  });
}

test("connection.close() sends what handlers have answered, also what settled just before", async () => {
  const answers: Deferred<number>[] = [];
  let first: Context<{ count: number }, number, undefined> | undefined;
  await using pair = await memoryPair(Data, (context) => {
    first ??= context;
    return {
      get: () => new Uint8Array(0),
      small() {
        answers.push(deferred());
        return answers.at(-1)!.promise;
      },
      // It has not returned when it closes: its own call is cut.
      // deno-lint-ignore require-await
      async leave() {
        context.state.count++;
        answers[0]!.resolve(7);
        answers[1]!.reject(new RpcError("ServerCompressError", "planned"));
        context.connection.close(4200, "enough");
        answers[2]!.resolve(8);
      },
    };
  }, { client: { reconnect: false } });
  const { client } = pair;
  let count = 0;
  client.state.subscribe((state) => count = state.count);
  const results = await Promise.allSettled([
    ...[1, 2, 3, 4].map(() => client.rpc.small()),
    client.rpc.leave(),
  ]);
  const told = results.map((result) =>
    result.status === "fulfilled" ? result.value : (result.reason as RpcError).code
  );
  const cut = "ConnectionLost";
  assertEquals(told, [7, "ServerCompressError", cut, cut, cut]);
  assertEquals(count, 1);
  assert(client.status.cause?.message.includes("4200: enough"));
  assertEquals([first?.signal.aborted, pair.server.connections], [true, 0]);
});

test("a call that a closing server did not answer did not run, and is retryable", async () => {
  let cut = 0;
  for (let turns = 0; turns < 10; turns++) {
    let ran = 0;
    await using pair = await memoryPair(Data, () => ({
      get: ({ length }) => new Uint8Array(length),
      small: () => ++ran,
      leave() {},
    }), { client: { reconnect: false } });
    const calls = Array.from({ length: 5 }, () => pair.client.rpc.small());
    for (let turn = 0; turn < turns; turn++) await undefined;
    const closing = pair.server.close();
    for (let i = 0; i < 20; i++) {
      calls.push(pair.client.rpc.small());
      await undefined;
    }
    let answered = 0;
    for (const result of await Promise.allSettled(calls)) {
      if (result.status === "fulfilled") answered++;
      else {
        const { code, retryable } = result.reason as RpcError;
        assertEquals(retryable, true, code);
        if (code === "ConnectionLost") cut++;
      }
    }
    await closing;
    assertEquals(ran, answered);
  }
  assert(cut > 0);
});

test("a call that was running when a closing server's time was over is not retryable", async () => {
  await using pair = await memoryPair(Data, () => ({
    get: ({ length }) => new Uint8Array(length),
    small: () => new Promise<number>(() => {}),
    leave() {},
  }), { client: { reconnect: false } });
  const call = pair.client.rpc.small();
  const rejected = assertRejects(() => call, RpcError);
  await settle();
  await pair.server.close({ deadlineMs: 5 });
  const { code, retryable } = await rejected;
  assertEquals([code, retryable], ["ConnectionLost", false]);
  const after = await assertRejects(() => pair.client.rpc.small(), RpcError);
  assertEquals([after.code, after.retryable], ["ClientNotConnected", true]);
});
