/** What a connection has while nothing happens on it: a server has one of these for each of its clients. */
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { rpc, service, stream, u32 } from "../../mod.ts";
import { Connection } from "../../server/connection.ts";
import { createCore } from "../../server/server_core.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { turn } from "./support.ts";

const Idle = service({
  rpc: { add: rpc({ a: u32, b: u32 }, u32), count: rpc({ to: u32 }, stream(u32)), wait: rpc() },
  state: { sum: u32 },
  event: u32,
});
const [ADD, COUNT, WAIT] = Idle.methods;

async function connected() {
  let finish = () => {};
  const core = createCore(
    Idle,
    {},
    ({ state, subscriptions }) => ({
      add({ a, b }) {
        void subscriptions.add("sums");
        return state.sum = a + b;
      },
      *count({ to }) {
        for (let i = 0; i < to; i++) yield i;
      },
      wait: () => new Promise<void>((resolve) => finish = resolve),
    }),
    testDeflater,
    new FakeClock(),
  );
  let connection: unknown;
  const upgrade = await core.acceptor.upgrade(upgradeRequest({}, "/?hl-x=1"), { address: "test" });
  if (upgrade instanceof Response) throw new TypeError(`refused: ${upgrade.status}`);
  const open: typeof upgrade.open = (transport) => {
    const listener = upgrade.open(transport);
    connection = listener;
    return listener;
  };
  const client = new ScriptedClient().open({ ...upgrade, open });
  assert(connection instanceof Connection);
  return { core, client, connection, finish: () => finish() };
}

test("an idle connection has nothing of its calls, and none of its rare parts", async () => {
  const { core, client, connection, finish } = await connected();
  const parts = () => [connection.calls, connection.rare];
  assertEquals(parts(), [undefined, undefined]);
  client.call(1, ADD!.call, { a: 1, b: 2 });
  core.events.emit("sums", 3);
  assertEquals([client.take().length, ...parts()], [3, undefined, undefined]);
  client.call(2, COUNT!.call, { to: 3 });
  assertEquals([connection.calls?.size, connection.calls?.openStreams], [1, 1]);
  await turn();
  assertEquals(parts(), [undefined, undefined]);
  client.call(3, WAIT!.call, {});
  client.call(4, ADD!.call, { a: 1, b: 2 });
  assertEquals([connection.calls?.size, connection.rare], [1, undefined]);
  finish();
  await turn();
  assertEquals(parts(), [undefined, undefined]);
  client.hangUp();
});

test("the calls of one connection are not those of the next, which gets its object", async () => {
  const [first, second] = [await connected(), await connected()];
  first.client.call(1, WAIT!.call, {});
  const { calls } = first.connection;
  first.finish();
  await turn();
  second.client.call(1, WAIT!.call, {});
  assert(second.connection.calls === calls, "it is not used again");
  first.client.call(2, WAIT!.call, {});
  assert(first.connection.calls !== calls, "it is used twice");
  first.client.hangUp();
  assertEquals([first.connection.calls, second.connection.calls?.size], [undefined, 1]);
  second.finish();
  await turn();
  assertEquals(second.client.take(), ["response 1 "]);
  second.client.hangUp();
});

test("a connection has twelve fields: Bun would take 48 bytes more for another", async () => {
  const { client, connection } = await connected();
  // And two that are private: its state, and what was sent when its queue was last looked at.
  assertEquals(Object.keys(connection).length + 2, 12);
  client.hangUp();
});
