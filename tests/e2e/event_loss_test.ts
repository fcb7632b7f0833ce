import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import type { Client, ConnectOptions } from "../../client/mod.ts";
import { memoryPair } from "../../memory.ts";
import { convert, rpc, service, string, Topic, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";

const METHODS = { subscribe: rpc(), burst: rpc({ count: u32 }), also: rpc({ count: u32 }) };
const Feed = service({ name: "Feed", rpc: METHODS, event: u32 });
/** The same, with 100 kB in each event. */
const Large = service({
  name: "Large",
  rpc: METHODS,
  event: convert(string, {
    expected: "a number",
    decode: (text) => parseInt(text),
    encode: (n: number) => `${n} ${"x".repeat(100_000)}`,
  }),
});
const FEED = Topic.from("feed");
type Methods = {
  subscribe(): void;
  burst(args: { count: number }): void;
  also(args: { count: number }): void;
};
type FeedClient = Client<Methods, Record<never, never>, number>;
type Options = ConnectOptions<Methods, Record<never, never>>;

const feed = ({ subscriptions, events }: {
  subscriptions: { add(topic: Topic): void };
  events: { emit(topic: Topic, event: number): void };
}) => {
  const emit = ({ count }: { count: number }): void => {
    for (let i = 0; i < count; i++) events.emit(FEED, i);
  };
  return { subscribe: () => subscriptions.add(FEED), burst: emit, also: emit };
};

/** A client, and how to end all. */
type Opened = AsyncDisposable & { readonly client: FeedClient };

const WAYS: Readonly<
  Record<string, (options: Options, service?: typeof Feed) => Promise<Opened>>
> = {
  memory: (client, service = Feed) => memoryPair(service, feed, { client }),
  ws: async (options, service = Feed) => {
    const server = await serve(service, { port: 0, hostname: "127.0.0.1", tls: "plain" }, feed);
    const client = await connect(service, `ws://127.0.0.1:${server.port}`, options);
    return {
      client,
      async [Symbol.asyncDispose]() {
        await client.close();
        await server.close();
      },
    };
  },
};

for (const [way, open] of Object.entries(WAYS)) {
  const bursts = [[100, Feed], [10_000, Feed], [50_000, Feed], [300, Large]] as const;
  for (const [count, service] of bursts) {
    const what = service === Large ? "large ones" : "them";
    test(`a plain loop over events() loses none of ${count} of ${what} in one turn, over ${way}`, async () => {
      const errors: unknown[] = [];
      const onError = (error: unknown): void => {
        errors.push(error);
        void events.return();
      };
      await using opened = await open({ onError, level: 6 }, service);
      const { client } = opened;
      const events = client.events();
      const seen: number[] = [];
      const loop = (async () => {
        for await (const { payload } of events) {
          seen.push(payload);
          if (seen.length === count) break;
        }
      })();
      await client.rpc.subscribe();
      await client.rpc.burst({ count });
      await loop;
      assertEquals([events.dropped, errors], [0, []]);
      assertEquals(seen, Array.from({ length: count }, (_, i) => i));
    });
  }

  test(`events that come while the first onConnect runs are there when connect() returns, over ${way}`, async () => {
    await using opened = await open({
      async onConnect({ rpc }) {
        await rpc.subscribe();
        await rpc.burst({ count: 5 });
        await rpc.also({ count: 3 });
      },
    });
    const events = opened.client.events();
    const seen: number[] = [];
    for await (const { payload } of events) {
      seen.push(payload);
      if (seen.length === 8) break;
    }
    assertEquals(seen, [0, 1, 2, 3, 4, 0, 1, 2]);
    // Later iterators get later events.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const later = opened.client.events();
    await opened.client.rpc.burst({ count: 1 });
    assertEquals((await later.next()).value?.payload, 0);
    await later.return();
    assertEquals(opened.client.stats().eventIterators, 0);
  });

  for (const greets of [false, true]) {
    const before = greets ? ", also of those that onConnect held" : "";
    test(`events() gives nothing that came before it to a program that has called${before}, over ${way}`, async () => {
      await using opened = await open(
        greets
          ? {
            async onConnect({ rpc }) {
              await rpc.subscribe();
              await rpc.burst({ count: 2 });
            },
          }
          : {},
      );
      const { client } = opened;
      await client.rpc.subscribe();
      await client.rpc.burst({ count: 3 });
      const events = client.events();
      await client.rpc.also({ count: 1 });
      await events.next();
      // Any other event would come first.
      const rest = events.next();
      await client.rpc.also({ count: 9 });
      assertEquals((await rest).value?.payload, 0);
      assertEquals((await events.next()).value?.payload, 1);
    });
  }
}
