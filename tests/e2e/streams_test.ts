import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import {
  bool,
  bytes,
  type CallContext,
  type Handlers,
  rpc,
  RpcError,
  service,
  stream,
  string,
  u32,
} from "../../mod.ts";
import { connect } from "../../client.ts";
import { memoryPair } from "../../memory.ts";
import { serve } from "../../server.ts";

const Feed = service({
  rpc: {
    count: rpc({ to: u32 }, stream(u32)),
    sum: rpc({ start: u32, numbers: stream(u32) }, u32),
    twice: rpc({ numbers: stream(u32) }, stream(u32)),
    upload: rpc({ parts: stream(bytes) }, u32),
    ask: rpc({ text: string }, bool),
    stop: rpc(),
    waits: rpc(),
  },
  client: { confirm: rpc({ text: string }, bool) },
  state: { seen: u32 },
});

/** What handlers saw. */
interface Seen {
  readonly contexts: CallContext[];
  readonly errors: unknown[];
  let: number;
}

type FeedClient = Awaited<ReturnType<typeof connectTo>>;

function handlers(
  seen: Seen,
  client: { confirm(args: { text: string }): Promise<boolean> },
  state: { seen: number },
  close: () => void,
): Handlers<typeof Feed> {
  return {
    async *count({ to }, context) {
      seen.contexts.push(context);
      try {
        for (let i = 0; i < to; i++) {
          state.seen = i;
          yield i;
        }
      } finally {
        seen.let++;
      }
    },
    async sum({ start, numbers }, context) {
      seen.contexts.push(context);
      let sum = start;
      for await (const number of numbers) sum += number;
      return sum;
    },
    async *twice({ numbers }) {
      for await (const number of numbers) yield 2 * number;
    },
    async upload({ parts }) {
      let size = 0;
      for await (const part of parts) size += part.length;
      return size;
    },
    ask: ({ text }) => client.confirm({ text }),
    stop: close,
    waits: (_, context) => {
      seen.contexts.push(context);
      return new Promise((_, reject) => {
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
      }) as unknown as void;
    },
  };
}

function connectTo(url: string) {
  return connect(Feed, url, {
    reconnect: false,
    client: { confirm: ({ text }) => text === "yes" },
  });
}

/** The same over memory and over a socket. */
async function each(run: (client: FeedClient, seen: Seen, stats: () => object) => Promise<void>) {
  const seen: Seen = { contexts: [], errors: [], let: 0 };
  const onError = (error: unknown) => void seen.errors.push(error);
  {
    await using pair = await memoryPair(
      Feed,
      ({ client, state, connection }) => handlers(seen, client, state, () => connection.close()),
      {
        server: { onError },
        client: { reconnect: false, client: { confirm: ({ text }) => text === "yes" } },
      },
    );
    await run(pair.client, seen, () => pair.server.stats());
  }
  Object.assign(seen, { contexts: [], errors: [], let: 0 });
  await using server = await serve(
    Feed,
    { port: 0, hostname: "127.0.0.1", tls: "plain", onError },
    ({ client, state, connection }) => handlers(seen, client, state, () => connection.close()),
  );
  await using client = await connectTo(`ws://127.0.0.1:${server.port}`);
  await run(client, seen, () => server.stats());
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert(holds(), "it did not come to hold");
}

test("items come in order, with what the generator changed in the state", () =>
  each(async (client) => {
    let next = 0;
    for await (const number of client.rpc.count({ to: 10_000 })) assertEquals(number, next++);
    assertEquals([next, client.state.current.seen], [10_000, 9999]);
  }));

test("leaving a loop stops the generator and aborts its signal", () =>
  each(async (client, seen) => {
    for await (const number of client.rpc.count({ to: 1e9 })) {
      if (number === 0) void seen.contexts[0]!.signal;
      if (number === 10) break;
    }
    await until(() => seen.let === 1);
    assertEquals(seen.contexts[0]!.signal.aborted, true);
    assertEquals((seen.contexts[0]!.signal.reason as RpcError).code, "Cancelled");
    assertEquals(seen.errors, []);
  }));

test("an argument that streams is read to its end, from any source", () =>
  each(async (client) => {
    async function* numbers() {
      for (let i = 0; i < 10_000; i++) yield i;
    }
    assertEquals(await client.rpc.sum({ start: 1, numbers: numbers() }), 49_995_001);
    assertEquals(await client.rpc.sum({ start: 1, numbers: [1, 2] }), 4);
    const part = new Uint8Array(100_000).map((_, i) => (i * i) >> 3);
    const parts = Array.from({ length: 30 }, () => part);
    assertEquals(await client.rpc.upload({ parts }), 3_000_000);
  }));

test("both ways at once", () =>
  each(async (client) => {
    async function* numbers() {
      for (let i = 0; i < 3000; i++) yield i;
    }
    let next = 0;
    for await (const number of client.rpc.twice({ numbers: numbers() })) {
      assertEquals(number, 2 * next++);
    }
    assertEquals(next, 3000);
  }));

test("a call that its caller gives up aborts the handler's signal", () =>
  each(async (client, seen) => {
    const controller = new AbortController();
    const call = client.rpc.waits({}, { signal: controller.signal });
    const short = client.rpc.waits({}, { timeoutMs: 50 });
    await until(() => seen.contexts.length === 2);
    controller.abort();
    assertEquals((await assertRejects(() => call, RpcError)).code, "Cancelled");
    assertEquals((await assertRejects(() => short, RpcError)).code, "DeadlineExceeded");
    await until(() => seen.contexts.every(({ signal }) => signal.aborted));
    assertEquals(seen.errors, []);
  }));

test("a server calls its client while that one's call waits", () =>
  each(async (client) => {
    assertEquals(await client.rpc.ask({ text: "yes" }), true);
    assertEquals(await client.rpc.ask({ text: "no" }), false);
  }));

test("a connection that ends rejects what streams, on both sides", () =>
  each(async (client, seen, stats) => {
    const never = new ReadableStream<number>();
    const sum = client.rpc.sum({ start: 0, numbers: never });
    const items = client.rpc.count({ to: 1e9 });
    assertEquals((await items.next()).value, 0);
    await until(() => seen.contexts.length === 2);
    void client.rpc.stop().catch(() => {});
    const error = await assertRejects(() => sum, RpcError);
    assertEquals(error.code, "ConnectionLost");
    const rest = await assertRejects(async () => {
      for await (const _ of items);
    }, RpcError);
    assertEquals(rest.code, "ConnectionLost");
    await until(() => seen.let === 1);
    await until(() => {
      const { streamsOpen, callsInFlight } = stats() as Record<string, number>;
      return streamsOpen === 0 && callsInFlight === 0;
    });
    assertEquals(seen.errors, []);
  }));
