import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createCore } from "../../server/server_core.ts";
import { rpc, service, string, u32 } from "../../mod.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { call, setUp, turn } from "./support.ts";

test("a handler that never settles holds its id, and nothing once its client is gone", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  setup.script = () => new Promise(() => {});
  for (let id = 0; id < 256; id++) client.call(id, call.run, { script: "" });
  assertEquals(setup.core.stats().callsInFlight, 256);
  client.hangUp();
  assertEquals([setup.core.stats().callsInFlight, setup.core.connections], [0, 0]);
  assertEquals(setup.contexts[0]!.signal.aborted, true);
});

test("a handler's signal aborts when its connection ends, not before", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  let aborted = 0;
  setup.contexts[0]!.signal.addEventListener("abort", () => aborted++);
  client.call(1, call.get);
  assertEquals(aborted, 0);
  client.hangUp();
  client.hangUp();
  assertEquals(aborted, 1);
});

test("a handler that blocks keeps what came in the meantime waiting, not lost", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  setup.script = () => {
    const until = performance.now() + 50;
    while (performance.now() < until);
    return 1;
  };
  client.call(1, call.run, { script: "" });
  client.call(2, call.get);
  assertEquals(client.take(), ["response 1 01000000", "response 2 00000000"]);
});

test("a handler may emit, subscribe and change its state after its connection has ended", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  client.hangUp();
  const { state, subscriptions, events, connection } = setup.contexts[0]!;
  state.counter = 7;
  subscriptions.add("late");
  events.emit("late", { type: "quiet" });
  connection.sync();
  connection.close();
  assertEquals([subscriptions.size, client.take(), setup.core.stats().topics], [0, [], 0]);
});

test("10,000 topics of one connection are gone with it", async () => {
  const setup = setUp({ limits: { maxSubscriptions: 10_000 } });
  const client = await ScriptedClient.connect(setup.core);
  const { subscriptions } = setup.contexts[0]!;
  for (let i = 0; i < 10_000; i++) subscriptions.add(`topic ${i}`);
  assertThrows(() => subscriptions.add("one more"), RangeError);
  assertEquals([setup.core.stats().topics, setup.core.stats().subscriptions], [10_000, 10_000]);
  client.hangUp();
  assertEquals([setup.core.stats().topics, setup.core.stats().subscriptions], [0, 0]);
});

test("what authorize() answers is the handler's auth, and has its type", async () => {
  const Whoami = service({ rpc: { me: rpc({}, string), level: rpc({}, u32) } });
  const core = createCore(
    Whoami,
    {
      authorize: (request) => {
        const user = new URL(request.url).searchParams.get("user");
        return user === null ? false : { user, level: user.length };
      },
    },
    ({ auth }) => ({
      // Would not compile if `auth` were anything else.
      me: (): string => auth.user,
      level: (): number => auth.level,
    }),
    testDeflater,
  );
  const client = await ScriptedClient.connect(core, upgradeRequest({}, "/?user=ann"));
  client.call(1, Whoami.methods[1]!.call);
  assertEquals(client.take(), ["response 1 03000000"]);
  client.hangUp();
});

test("an error of onError itself has no effect", async () => {
  const setup = setUp({
    onError() {
      throw new Error("a listener that fails");
    },
  });
  const client = await ScriptedClient.connect(setup.core);
  setup.script = () => {
    throw new Error("secret");
  };
  client.call(1, call.run, { script: "" });
  client.call(2, call.get);
  await turn();
  await sleep(0);
  assertEquals(client.take(), ["error 1 HandlerPanicked", "response 2 00000000"]);
  client.hangUp();
});
