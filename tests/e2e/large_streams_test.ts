import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { memoryPair } from "../../memory.ts";
import { bytes, type Handlers, rpc, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { CHECK_BYTES, SENT_PART } from "../../stream/gate.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";

const Large = service({
  rpc: {
    down: rpc({ items: u32, itemBytes: u32 }, stream(bytes)),
    up: rpc({ parts: stream(bytes) }, u32),
    add: rpc({ a: u32, b: u32 }, u32),
  },
});

const STREAMS = 64;
const ITEMS = 2;
const ITEM_BYTES = 1 << 20;
/** What streams may have queued: their share, what goes between two looks, and one item with its framing. */
const MOST_BYTES = DEFAULT_LIMITS.maxBufferedBytes / SENT_PART + CHECK_BYTES + ITEM_BYTES + 4096;

/** The most bytes that waited to be sent when an item was pulled. */
interface Watch {
  queued: () => number;
  most: number;
}

async function* itemsOf(items: number, itemBytes: number, watch: Watch) {
  const item = new Uint8Array(itemBytes);
  for (let i = 0; i < items; i++) {
    watch.most = Math.max(watch.most, watch.queued());
    yield item;
  }
  watch.most = Math.max(watch.most, watch.queued());
}

const watching = (): Watch => ({ queued: () => 0, most: 0 });

function handlersOf(down: Watch): Handlers<typeof Large> {
  return {
    down: ({ items, itemBytes }) => itemsOf(items, itemBytes, down),
    async up({ parts }) {
      let length = 0;
      for await (const part of parts) length += part.length;
      return length;
    },
    add: ({ a, b }) => a + b,
  };
}

type Opened = Awaited<ReturnType<(typeof WAYS)[keyof typeof WAYS]>>;

const WAYS = {
  async network(down: Watch) {
    const server = await serve(
      Large,
      { port: 0, hostname: "127.0.0.1", tls: "plain" },
      () => handlersOf(down),
    );
    const client = await connect(Large, `ws://127.0.0.1:${server.port}`, {
      level: 0,
      reconnect: false,
    });
    return {
      client,
      server,
      async [Symbol.asyncDispose]() {
        await client.close();
        await server.close();
      },
    };
  },
  async memory(down: Watch) {
    const pair = await memoryPair(Large, () => handlersOf(down), { client: { level: 0 } });
    const { client, server } = pair;
    return { client, server, [Symbol.asyncDispose]: () => pair.close() };
  },
};

/** Run streams, and small calls beside them; each call is answered. */
async function beside({ client, server }: Opened, streams: Promise<number>[]): Promise<void> {
  let going = true;
  const all = Promise.all(streams).finally(() => going = false);
  let calls = 0;
  do {
    assertEquals(await client.rpc.add({ a: calls, b: 1 }), ++calls);
    await new Promise((resolve) => setTimeout(resolve, 1));
  } while (going);
  assertEquals(await all, Array.from({ length: STREAMS }, () => ITEMS * ITEM_BYTES));
  assertEquals([server.stats().slowConsumersClosed, client.status.state], [0, "open"]);
}

for (const [way, open] of Object.entries(WAYS)) {
  test(`${way}: ${STREAMS} streams of large items come down to a client that reads`, async () => {
    const down = watching();
    await using opened = await open(down);
    down.queued = () => opened.server.stats().bufferedBytes;
    await beside(
      opened,
      Array.from({ length: STREAMS }, async () => {
        let length = 0;
        const items = opened.client.rpc.down({ items: ITEMS, itemBytes: ITEM_BYTES });
        for await (const item of items) length += item.length;
        return length;
      }),
    );
    assert(down.most <= MOST_BYTES, `${down.most} were queued`);
  });

  test(`${way}: ${STREAMS} streams of large items go up, and other calls find room`, async () => {
    const up = watching();
    await using opened = await open(watching());
    up.queued = () => opened.client.stats().bufferedBytes;
    await beside(
      opened,
      Array.from(
        { length: STREAMS },
        () => opened.client.rpc.up({ parts: itemsOf(ITEMS, ITEM_BYTES, up) }),
      ),
    );
    assert(up.most <= MOST_BYTES, `${up.most} were queued`);
  });
}
