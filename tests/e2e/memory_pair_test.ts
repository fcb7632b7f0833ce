import { assert, assertEquals, assertRejects } from "@std/assert";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inflateRawSync } from "node:zlib";
import { memoryPair } from "../../memory.ts";
import { bytes, ConnectError, rpc, RpcError, service, stream, u32 } from "../../mod.ts";
import { collected } from "../support/garbage.ts";
import { commandOf, THIS_RUNTIME } from "../support/runtimes.ts";

const Counter = service({ rpc: { get: rpc({}, u32) } });
const handler = () => ({ get: () => 7 });

test("memoryPair() uses generated code, as serve() and connect() do", async () => {
  await using pair = await memoryPair(Counter, handler);
  assertEquals(await pair.client.rpc.get(), 7);
  const [get] = Counter.methods;
  // Nothing else leaves functions with a schema.
  assert(get!.call.functions !== undefined && get!.output.functions !== undefined);
});

test("MemoryPair.close() closes every client and the server, any number of times", async () => {
  const pair = await memoryPair(Counter, handler);
  const other = await pair.connect();
  await Promise.all([pair.close(), pair.close()]);
  await pair.close();
  assertEquals([pair.client.status.state, other.status.state], ["closed", "closed"]);
  assertEquals(pair.server.stats().connections, 0);
  await assertRejects(() => pair.connect(), ConnectError);
});

test("MemoryPair.connect() says that the pair is closed", async () => {
  const pair = await memoryPair(Counter, () => ({ get: () => 7 }));
  await pair.close();
  const error = await assertRejects(() => pair.connect(), ConnectError);
  assertEquals([error.code, error.message], ["Unreachable", "Cannot connect: the pair is closed"]);
});

test("MemoryPair.close() may be called by a listener of the status and by a handler", async () => {
  let close: () => unknown = () => {};
  const pair = await memoryPair(Counter, () => ({ get: () => (void close(), 7) }));
  close = () => pair.close();
  pair.client.onStatus(() => void pair.close());
  await pair.client.rpc.get().catch(() => {});
  await pair.close();
  assertEquals(pair.client.status.state, "closed");
});

test("memoryPair() closes its server when the client is refused", async () => {
  let closed = 0;
  const broker = {
    start: () => {},
    subscribe: () => {},
    unsubscribe: () => {},
    publish: () => {},
    close: () => void closed++,
  };
  const Events = service({ rpc: { get: rpc({}, u32) }, event: u32 });
  await assertRejects(
    () => memoryPair(Events, handler, { server: { broker, authorize: () => false } }),
    ConnectError,
  );
  assertEquals(closed, 1);
});

test("MemoryPair.connect() holds no client that was closed", async () => {
  await using pair = await memoryPair(Counter, handler);
  let others = 0;
  const registry = new FinalizationRegistry(() => others--);
  const make = async (): Promise<void> => {
    const client = await pair.connect();
    registry.register(client, undefined);
    others++;
    await client.close();
  };
  for (let i = 0; i < 50; i++) await make();
  // The last may still be in a register.
  assert(await collected(() => others < 10), `${others} of 50 closed clients are held`);
});

test("a pair that is left open keeps no program alive", { timeout: 60_000 }, () => {
  const runtime = THIS_RUNTIME === "node" ? "deno" : THIS_RUNTIME;
  const [command, ...first] = commandOf(runtime);
  const script = fileURLToPath(new URL("../support/left_open.ts", import.meta.url));
  const run = runtime === "deno" ? ["run", "-A", "--quiet"] : ["run"];
  const { stdout, status, signal } = spawnSync(command, [...first, ...run, script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  assertEquals([stdout, status, signal], ["7\n", 0, null]);
});

test("a stream in memory that has no end leaves timers their turn: its deadline passes", async () => {
  const Endless = service({ rpc: { count: rpc({}, stream(u32)) } });
  await using pair = await memoryPair(Endless, () => ({
    async *count() {
      for (let i = 0;; i++) yield i;
    },
  }));
  const began = Date.now();
  let bounded = false;
  const error = await assertRejects(async () => {
    for await (const _ of pair.client.rpc.count({}, { timeoutMs: 50 })) {
      if ((bounded = Date.now() - began > 5000)) break;
    }
    assert(!bounded, "5 seconds, and no timer has had its turn");
  }, RpcError);
  assertEquals(error.code, "DeadlineExceeded");
});

test("memoryPair() tells onMessage of each message on the wire, in order, before it is read", async () => {
  const seen: string[] = [];
  await using pair = await memoryPair(Counter, () => ({
    get() {
      seen.push("get()");
      return 7;
    },
  }), { onMessage: (message, from) => void seen.push(`${from} ${message.length > 0}`) });
  await pair.client.rpc.get();
  const other = await pair.connect();
  await other.rpc.get();
  const each = ["client true", "get()", "server true"];
  assertEquals(seen, [...each, ...each]);
});

test("memoryPair() tells onMessage of a large message behind a small one as it was sent", async () => {
  const Sizes = service({ rpc: { small: rpc({}, u32), large: rpc({}, bytes) } });
  const value = new Uint8Array(131_072);
  crypto.getRandomValues(value.subarray(0, 65_536));
  const seen: Uint8Array[] = [];
  await using pair = await memoryPair(Sizes, () => ({ small: () => 1, large: () => value }), {
    client: { level: 0 },
    onMessage(message, from) {
      if (from === "server" && message.length > value.length) seen.push(message);
    },
  });
  const { rpc: call } = pair.client;
  const [, answer] = await Promise.all([call.small(), call.large()]);
  assertEquals(answer, value);
  assertEquals(seen.length, 1);
  assert(inflateRawSync(seen[0]!).length > value.length);
});
