/**
 * {@linkcode stageWith}: one action inside one listener, hook or handler, each time it runs in the life of a
 * client and its server.
 *
 * @module
 */
import type { UnconnectedClient } from "../../client/client.ts";
import { createFullClient } from "../../client/full.ts";
import { createTelemetry } from "../../client/telemetry.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { memoryDialer, MemoryNetwork } from "../../runtime/memory.ts";
import { createZlibDeflater } from "../../runtime/node/zlib.ts";
import { type AcceptingCore, createCore } from "../../server/server_core.ts";
import type { Context } from "../../server/mod.ts";
import type { EventOf, MethodsOf, StateOf } from "../../service/types.ts";
import type { Transport } from "../../wire/transport.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { testDeflater } from "../support/test_deflater.ts";

const Counter = service({
  rpc: { add: rpc({ amount: u32 }, u32), fail: rpc(), wait: rpc({}, u32) },
  state: { counter: u32 },
  event: u32,
});
type Methods = MethodsOf<typeof Counter>;
type State = StateOf<typeof Counter>;
type Event = EventOf<typeof Counter>;
const deflater = createZlibDeflater() ?? testDeflater;

/** The places that call user code. */
export const PLACES = [
  "a status listener",
  "a state listener",
  "an until() predicate",
  "a changes() loop",
  "an events() loop",
  "onConnect",
  "the client's onError",
  "the client's onTrace",
  "an abort listener of a call",
  "a call's then()",
  "the handler factory",
  "a handler",
  "an asynchronous handler",
  "the server's onError",
  "the server's onTrace",
  "authorize",
  "an abort listener of a connection",
  "a topicNotifications() loop",
] as const;
/** One of them. */
export type Place = typeof PLACES[number];

/** The objects that an action can use. */
export interface Stage {
  readonly client: UnconnectedClient<Methods, State, Event>;
  readonly server: AcceptingCore<Event>;
  readonly abort: AbortController;
  /** The newest connection, once there is one. */
  readonly context: Context<State, Event, unknown> | undefined;
}

/** The actions. */
export const ACTIONS: Readonly<Record<string, (stage: Stage) => unknown>> = {
  "client.close()": ({ client }) => client.close(),
  "the signal": ({ abort }) => abort.abort(),
  "a call": ({ client }) => client.rpc.add({ amount: 1 }),
  "a call that fails": ({ client }) => client.rpc.fail(),
  "a call with a signal": async ({ client }) => {
    const abort = new AbortController();
    const call = client.rpc.wait({ signal: abort.signal } as never).catch(() => {});
    abort.abort();
    await call;
  },
  "events()": ({ client }) => client.events().return?.(),
  "changes()": ({ client }) => client.state.changes().return?.(),
  "until() that holds": ({ client }) => client.state.until(() => true),
  "until() that never holds": ({ client }) => client.state.until(() => false, { timeoutMs: 100 }),
  "subscribe()": ({ client }) => client.state.subscribe(() => {})(),
  "a listener that arms itself again": ({ client }) => {
    let times = 0;
    const arm = (): void => {
      const stop = client.state.subscribe(() => {
        stop();
        if (++times > MOST_CHANGES) throw new Error("called for ever");
        arm();
      });
    };
    arm();
  },
  "onStatus()": ({ client }) => client.onStatus(() => {})(),
  "stats()": ({ client, server }) => [client.stats(), server.stats()],
  "server.close()": ({ server }) => server.close({ deadlineMs: 10 }),
  "connection.close()": ({ context }) => context?.connection.close(),
  "connection.sync()": ({ context }) => {
    if (context === undefined) return;
    context.state.counter++;
    context.connection.sync();
  },
  "subscriptions.add()": ({ context }) => context?.subscriptions.add("another room"),
  "subscriptions.remove()": ({ context }) => context?.subscriptions.remove("room"),
  "events.emit()": ({ server }) => server.events.emit("room", 1),
  "topicNotifications()": ({ server }) => server.topicNotifications().return(),
  "throw": () => {
    throw new Error("planned");
  },
};

/** Changes of the state that there are at most. */
const MOST_CHANGES = 20;
/** The most repetitions of an action, so that it ends. */
const MOST = 3;
const TURNS = 200;

/**
 * Live through connecting, calls, an event, a loss, a reconnect and the end, and act at one place.
 *
 * @param from How often to pass by there before.
 * @returns The number of actions, and what they left behind: it should be nothing.
 */
export async function stageWith(place: Place, action: (stage: Stage) => unknown, from: number) {
  const clock = new FakeClock();
  const abort = new AbortController();
  const transports: Transport[] = [];
  const underWay = new Set<Promise<unknown>>();
  let context: Stage["context"];
  let acted = 0;
  let passed = 0;
  const track = (promise: PromiseLike<unknown>): void => {
    const settled = Promise.resolve(promise).then(() => {}, () => {});
    underWay.add(settled);
    void settled.then(() => underWay.delete(settled));
  };
  const at = (here: Place): void => {
    if (here !== place || acted === MOST || passed++ < from) return;
    acted++;
    const result = action({ client, server, abort, context });
    if (result instanceof Promise) track(result);
  };
  const server = createCore<Methods, State, Event, object>(
    Counter,
    {
      authorize: () => {
        at("authorize");
        return {};
      },
      onError: () => at("the server's onError"),
      onTrace: () => at("the server's onTrace"),
    },
    (made) => {
      context = made;
      const { state, subscriptions, events, signal } = made;
      signal.addEventListener("abort", () => {
        try {
          at("an abort listener of a connection");
        } catch {
          // The runtime reports what a signal's listener throws.
        }
      });
      at("the handler factory");
      return {
        add({ amount }) {
          void subscriptions.add("room");
          state.counter += amount;
          at("a handler");
          events.emit("room", state.counter);
          return state.counter;
        },
        fail() {
          throw new Error("planned");
        },
        async wait() {
          await new Promise<void>((resolve) => clock.after(50, () => resolve()));
          at("an asynchronous handler");
          return 1;
        },
      };
    },
    deflater,
    clock,
  );
  const client = createFullClient<Methods, State, Event>(
    Counter,
    "ws://memory/",
    {
      signal: abort.signal,
      onConnect: () => at("onConnect"),
      onError: () => at("the client's onError"),
    },
    {
      async dial(request, open) {
        const dial = memoryDialer(server.acceptor, new MemoryNetwork(clock));
        await dial(request, (transport, dialed) => {
          transports.push(transport);
          return open(transport, dialed);
        });
      },
      deflater,
      clock,
      random: () => 0,
      telemetry: createTelemetry("Counter", () => at("the client's onTrace")),
    },
  );
  const turns = async (): Promise<void> => {
    for (let i = 0; i < TURNS; i++) await Promise.resolve();
  };
  const pass = async (ms: number): Promise<void> => {
    for (let i = 0; i < 10; i++) {
      clock.advance(ms / 10);
      await turns();
    }
  };
  client.onStatus(() => at("a status listener"));
  client.state.subscribe(() => at("a state listener"));
  track(client.state.until(() => {
    at("an until() predicate");
    return false;
  }));
  const loop = async (over: AsyncIterable<unknown>, here: Place): Promise<void> => {
    for await (const _ of over) at(here);
  };
  track(loop(client.state.changes(), "a changes() loop"));
  track(loop(client.events(), "an events() loop"));
  track(loop(server.topicNotifications(), "a topicNotifications() loop"));
  const calls = (): void => {
    const cancel = new AbortController();
    cancel.signal.addEventListener("abort", () => {
      try {
        at("an abort listener of a call");
      } catch {
        // As above.
      }
    });
    track(client.rpc.add({ amount: 1 }).then(() => at("a call's then()")));
    track(client.rpc.fail());
    track(client.rpc.wait({}));
    track(client.rpc.wait({}, { signal: cancel.signal }));
    cancel.abort();
  };
  track(client.connect());
  await turns();
  calls();
  await turns();
  calls();
  await pass(200);
  transports.at(-1)?.terminate();
  await pass(2000);
  calls();
  await pass(200);
  track(client.close());
  await pass(20_000);
  const afterClient = [client.stats().transports, server.connections];
  track(server.close());
  await pass(20_000);
  const { callsPending, eventIterators, stateWatchers, transports: open } = client.stats();
  const { connections, callsInFlight, subscriptions, topics } = server.stats();
  return {
    acted,
    left: {
      underWay: underWay.size,
      timers: clock.pending,
      afterClient,
      client: [callsPending, eventIterators, stateWatchers, open],
      server: [connections, callsInFlight, subscriptions, topics],
      status: client.status.state,
    },
  };
}
