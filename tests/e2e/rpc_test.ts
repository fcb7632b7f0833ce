import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { test } from "node:test";
import { memoryPair } from "../../memory.ts";
import { rpc, RpcError, service } from "../../mod.ts";
import { chatPair, settle } from "../support/chat_service.ts";
import { codeOf, failsWith } from "../support/codes.ts";

for (const level of [0, 1, 6, 9]) {
  test(`rpc: outputs of all sizes come back at level ${level}`, async () => {
    await using pair = await chatPair({ client: { level } });
    const { rpc } = pair.client;
    assertEquals(await rpc.add({ amount: 3 }), 3);
    for (const length of [0, 1, 100, 1_000, 10_000, 500_000]) {
      const data = Uint8Array.from({ length }, (_, i) => i * i >> 3);
      assertEquals(await rpc.echo({ data }), data);
    }
    assertEquals(await rpc.nothing(), undefined);
    assertEquals(await rpc.nothing({}, { timeoutMs: 5000 }), undefined);
  });
}

test("rpc: small calls answered while a large message is deflated keep their own answers", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  const data = crypto.getRandomValues(new Uint8Array(60_000));
  const large = Array.from({ length: 10 }, () => rpc.echo({ data }));
  const small = Array.from({ length: 100 }, (_, i) => rpc.echo({ data: Uint8Array.of(i) }));
  assertEquals(
    (await Promise.all(small)).map(([i]) => i),
    Array.from({ length: 100 }, (_, i) => i),
  );
  for (const each of large) assertEquals(await each, data);
});

test("rpc: result() carries typed errors as values", async () => {
  await using pair = await chatPair();
  assertEquals(await pair.client.rpc.login({ name: "ann" }), { ok: 3 });
  assertEquals(await pair.client.rpc.login({ name: "" }), { err: "no name" });
});

const FAILURES: readonly (readonly [how: string, code: string])[] = [
  ["panic", "HandlerPanicked"],
  ["later", "HandlerPanicked"],
  ["code", "TooManyCallsInFlight"],
];
for (const [how, code] of FAILURES) {
  test(`rpc: a handler that fails by "${how}" answers ${code}, without its message`, async () => {
    await using pair = await chatPair();
    const error = await assertRejects(() => pair.client.rpc.fail({ how }), RpcError);
    assertEquals(error.code, code);
    assertEquals(`${error.message}${error.cause}`.includes("secret"), false);
    assertEquals(pair.client.state.current.total, 999);
    assertEquals(await pair.client.rpc.add({ amount: 1 }), 1000);
  });
}

test("rpc: an error of another server that a handler lets through passes for the call's own", async () => {
  const Proxy = service({ rpc: { ask: rpc() } });
  const other = await memoryPair(Proxy, () => ({ ask() {} }));
  await other.client.close();
  await using pair = await memoryPair(Proxy, () => ({ ask: () => other.client.rpc.ask() }));
  const error = await assertRejects(() => pair.client.rpc.ask(), RpcError);
  assertEquals([error.code, error.retryable], ["ClientNotConnected", true]);
  assertEquals(pair.client.status.state, "open");
  await other.close();
});

test("rpc: 256 calls are in flight, the 257th fails, and each gets its own answer", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  const calls = Array.from({ length: 256 }, (_, i) => rpc.wait({ gate: String(i) }));
  assertEquals(await codeOf(rpc.nothing()), "TooManyCallsInFlight");
  await settle();
  assertEquals(pair.gates.entered, 256);
  for (let i = 255; i >= 0; i--) pair.gates.open(String(i), i);
  assertEquals(await Promise.all(calls), calls.map((_, i) => i));
  assertEquals(await rpc.add({ amount: 1 }), 1);
});

test('rpc: with whenFull "wait", 1,000 calls at once are all answered', async () => {
  await using pair = await chatPair({ client: { whenFull: "wait" } });
  const { rpc } = pair.client;
  const calls = Array.from({ length: 1000 }, () => rpc.add({ amount: 1 }));
  assertEquals(await Promise.all(calls), calls.map((_, i) => i + 1));
  assertEquals(pair.client.state.current.total, 1000);
});

test("rpc: an aborted call keeps its id until the server answers it", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  const controller = new AbortController();
  const aborted = Array.from(
    { length: 100 },
    () => rpc.wait({ gate: "a" }, { signal: controller.signal }),
  );
  const kept = Array.from({ length: 156 }, (_, i) => rpc.wait({ gate: `b${i}` }));
  await settle();
  controller.abort();
  assertEquals(new Set(await Promise.all(aborted.map(codeOf))), new Set(["Cancelled"]));
  const error = await failsWith("TooManyCallsInFlight", rpc.nothing());
  assertMatch(error.message, /256 are in flight, 100 of them given up/);
  pair.gates.open("a", 1);
  await settle();
  assertEquals(await rpc.add({ amount: 5 }), 5);
  for (let i = 0; i < 156; i++) pair.gates.open(`b${i}`, i);
  assertEquals(await Promise.all(kept), kept.map((_, i) => i));
});

test("rpc: a call past its deadline fails, and its late answer is ignored", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  assertEquals(await codeOf(rpc.wait({ gate: "slow" }, { timeoutMs: 1 })), "DeadlineExceeded");
  const next = rpc.wait({ gate: "next" });
  await settle();
  pair.gates.open("slow", 13);
  pair.gates.open("next", 42);
  assertEquals(await next, 42);
});

test("rpc: calls and waiters settle when the client closes, and when the server does", async () => {
  {
    await using pair = await chatPair();
    const call = codeOf(pair.client.rpc.wait({ gate: "never" }));
    await settle();
    await pair.client.close();
    assertEquals(await call, "ConnectionLost");
    assertEquals(await codeOf(pair.client.rpc.nothing()), "ClientNotConnected");
  }
  await using pair = await chatPair({ client: { reconnect: false } });
  const call = codeOf(pair.client.rpc.wait({ gate: "never" }));
  const until = codeOf(pair.client.state.until(() => false));
  await settle();
  await pair.server.close({ deadlineMs: 1 });
  assertEquals([await call, await until], ["ConnectionLost", "ClientNotConnected"]);
  assertEquals(pair.client.status.state, "closed");
});

test("rpc: a handler that closes its connection fails the calls of that connection alone", async () => {
  await using pair = await chatPair({ client: { reconnect: false } });
  const other = await pair.connect();
  const waiting = codeOf(pair.client.rpc.wait({ gate: "never" }));
  const kept = other.rpc.wait({ gate: "kept" });
  await settle();
  assertEquals(await codeOf(pair.client.rpc.hangUp()), "ConnectionLost");
  assertEquals(await waiting, "ConnectionLost");
  pair.gates.open("kept", 1);
  assertEquals(await kept, 1);
});

test("rpc: many clients of one server have separate states", async () => {
  await using pair = await chatPair();
  const clients = await Promise.all(Array.from({ length: 50 }, () => pair.connect()));
  assertEquals(pair.server.connections, 51);
  await Promise.all(clients.map((client, i) => client.rpc.add({ amount: i })));
  assertEquals(clients.map(({ state }) => state.current.total), clients.map((_, i) => i));
});

test("rpc: arguments that do not fit are refused here, and the connection goes on", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  const error = await assertRejects(() => rpc.add({ amount: -1 }), RpcError);
  assertEquals(error.code, "ClientEncodeError");
  assertEquals(error.message.startsWith("Cannot call add: Cannot encode amount: "), true);
  assertEquals(await rpc.add({ amount: 1 }), 1);
});
