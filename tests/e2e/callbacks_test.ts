import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { memoryPair } from "../../memory.ts";
import { ConnectError, rpc, RpcError, service, string, Topic, u32 } from "../../mod.ts";
import type { ConnectOptions } from "../../client.ts";
import type { Broker, BrokerNode } from "../../wire/broker.ts";
import type { ServerOptions } from "../../server/mod.ts";
import { createCore } from "../../server/server_core.ts";
import { settle } from "../support/chat_service.ts";
import { ScriptedClient } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";

const Room = service({
  name: "Room",
  rpc: { add: rpc({}, u32), fail: rpc() },
  state: { total: u32 },
  event: string,
});
type Methods = NonNullable<typeof Room["~functions"]>;
type State = { total: number };

/** The options of `O` that are functions, or may be. */
type Callback<O> = {
  [K in keyof O]-?: Extract<NonNullable<O[K]>, (...args: never[]) => unknown> extends never ? never
    : K;
}[keyof O];

const bug = (): Error => new Error("a callback's own mistake");

/** How a callback can fail. */
const FAULTS: Readonly<Record<string, () => never>> = {
  throws: () => {
    throw bug();
  },
  "rejects at once": () => Promise.reject(bug()) as never,
  "rejects later": (async () => {
    await settle();
    throw bug();
  }) as () => never,
  "answers what is used like a promise": () => ({
    then(_: unknown, reject: (error: unknown) => void) {
      reject(bug());
    },
  } as never),
  "answers what throws when it is used": () => ({
    then() {
      throw bug();
    },
  } as never),
  "answers what throws when it is looked at": () => ({
    get then(): never {
      throw bug();
    },
  } as never),
};

/**
 * Whether the connection is made, with each of the server's callbacks at fault. All must be named here
 * but for `origins`, which is only for pages: tests/server/acceptor_test.ts.
 */
const SERVER: Readonly<Record<Callback<Omit<ServerOptions<unknown>, "origins">>, boolean>> = {
  authorize: false,
  onError: true,
  onTrace: true,
  onMissedEvents: true,
};

/** The same of the client. */
const CLIENT: Readonly<Record<Callback<ConnectOptions<Methods, State>>, boolean>> = {
  headers: false,
  onConnect: false,
  onError: true,
  onTrace: true,
};

/** Wait for uncaught errors: on every runtime they fail the running test. */
async function nothingUncaught(run: () => Promise<void>): Promise<void> {
  await run();
  for (let turns = 0; turns < 5; turns++) await settle();
}

/** A broker that ends a subscription, so that events may have been missed. */
class FaultyBroker implements Broker {
  #node: BrokerNode | undefined;
  start(node: BrokerNode): void {
    this.#node = node;
    node.link("up");
  }
  async probe(): Promise<void> {}
  subscribe(): void {}
  unsubscribe(): void {}
  publish(): void {}
  unsubscribed(topic: string): void {
    this.#node?.unsubscribed(Topic.from(topic), new Error("for onMissedEvents"));
  }
}

/** Use a server and a client with one faulty callback: it must have been called, without further effect. */
async function useAll(
  side: "server" | "client",
  name: string,
  fault: () => never,
  connects: boolean,
): Promise<void> {
  let called = 0;
  const callback = () => {
    called++;
    return fault();
  };
  const broker = new FaultyBroker();
  const pair = memoryPair(Room, ({ state, subscriptions }) => ({
    async add() {
      await subscriptions.add("a");
      return state.total += 1;
    },
    fail() {
      throw new Error("for onError");
    },
  }), {
    server: { broker, ...(side === "server" ? { [name]: callback } : {}) },
    client: side === "client" ? { [name]: callback } : {},
  });
  if (!connects) {
    await assertRejects(() => pair);
    return assertEquals(called, 1);
  }
  await using open = await pair;
  const { client } = open;
  const events = client.events();
  assertEquals(await client.rpc.add(), 1);
  await assertRejects(() => client.rpc.fail(), RpcError);
  broker.unsubscribed("a");
  open.server.events.emitRaw("a", Uint8Array.of(1));
  for (let tries = 0; called === 0 && tries < 1000; tries++) await sleep(10);
  assertEquals([called > 0, await client.rpc.add()], [true, 2]);
  assertEquals([open.server.connections, client.status.state], [1, "open"]);
  await events.return?.();
}

for (const [how, fault] of Object.entries(FAULTS)) {
  for (const [name, connects] of Object.entries(SERVER)) {
    test(`a server's ${name} that ${how} ends nothing but what it decides`, async () => {
      await nothingUncaught(() => useAll("server", name, fault, connects));
    });
  }

  for (const [name, connects] of Object.entries(CLIENT)) {
    test(`a client's ${name} that ${how} ends nothing but what it decides`, async () => {
      await nothingUncaught(() => useAll("client", name, fault, connects));
    });
  }

  test(`a handler that ${how} ends its call, and one that is made so its connection`, async () => {
    await nothingUncaught(async () => {
      await using pair = await memoryPair(Room, () => ({ add: fault, fail: fault }), {
        client: { reconnect: false },
      });
      const error = await assertRejects(() => pair.client.rpc.fail(), RpcError);
      assertEquals([error.code, pair.client.status.state], ["HandlerPanicked", "open"]);
      const told: string[] = [];
      const core = createCore(
        Room,
        { onError: (_, { where }) => void told.push(where) },
        fault,
        testDeflater,
      );
      const client = await ScriptedClient.connect(core);
      client.hangUp();
      assertEquals([client.closedWith?.code, told, core.connections], [4011, ["handler"], 0]);
    });
  });

  test(`a listener of the status or the state that ${how} is reported to onError`, async () => {
    await nothingUncaught(async () => {
      const told: unknown[] = [];
      await using pair = await memoryPair(
        Room,
        ({ state }) => ({ add: () => state.total += 1, fail() {} }),
        { client: { onError: (error) => void told.push(error), reconnect: false } },
      );
      const { client } = pair;
      client.state.subscribe(fault);
      assertEquals(await client.rpc.add(), 1);
      await assertRejects(() => client.state.until(fault, { timeoutMs: 5000 }));
      client.onStatus(fault);
      await client.close();
      await settle();
      await settle();
      assertEquals(told, [bug(), bug()]);
    });
  });
}

test("an authorize that fails refuses the client", async () => {
  for (const fault of Object.values(FAULTS)) {
    await nothingUncaught(async () => {
      const pair = memoryPair(Room, () => ({ add: () => 1, fail() {} }), {
        server: { authorize: fault },
      });
      await assertRejects(() => pair, ConnectError);
    });
  }
});
