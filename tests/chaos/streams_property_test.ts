import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { connect } from "../../client.ts";
import { memoryPair } from "../../memory.ts";
import {
  bytes,
  type HandlersOf,
  type ItemStream,
  type MethodsOf,
  rpc,
  RpcError,
  service,
  stream,
  string,
  struct,
  u32,
} from "../../mod.ts";
import { serve } from "../../server.ts";
import { Proxy } from "../support/proxy.ts";
import { turn } from "../server/support.ts";
import { noise } from "../support/noise.ts";

/** Items are consecutive numbers with padding to the wanted size. */
const Item = struct({ index: u32, padding: bytes });
const Target = service({
  rpc: {
    down: rpc({ how: string, sizes: bytes }, stream(Item)),
    up: rpc({ how: string, items: stream(Item) }, u32),
    both: rpc({ how: string, items: stream(Item) }, stream(Item)),
    downRaw: rpc({ how: string, sizes: bytes }, stream(bytes)),
    upRaw: rpc({ how: string, items: stream(bytes) }, u32),
    bothRaw: rpc({ how: string, items: stream(bytes) }, stream(bytes)),
  },
  client: { ask: rpc({ number: u32 }, u32) },
});
type Item = { index: number; padding: Uint8Array };

/** Bytes that nothing makes smaller, so that large items of them go raw. */
const NOISE = noise(2 ** 17);
/** The numbers of items that are only bytes begin anew. */
const SOME = 256;

/** An item as bytes alone. */
function asBytes({ index, padding: { length } }: Item): Uint8Array {
  const item = NOISE.slice(0, length);
  item[0] = index % SOME;
  return item;
}

function isIntact(item: Uint8Array): boolean {
  return Buffer.compare(item.subarray(1), NOISE.subarray(1, item.length)) === 0;
}

const SOURCE = fc.constantFrom("ends", "throws", "endless", "waits");
const READER = fc.constantFrom("whole", "leaves", "throws", "slow");
const CALL = fc.record({
  of: fc.constantFrom("down", "up", "both"),
  isRaw: fc.boolean(),
  source: SOURCE,
  reader: READER,
  /** By powers of two, up to half a window. */
  sizes: fc.array(fc.nat(17), { minLength: 1, maxLength: 20 }),
  /** When it is cancelled, in turns; by a signal, or not. */
  abortAfter: fc.option(fc.nat(12)),
  timeoutMs: fc.option(fc.integer({ min: 1, max: 20 })),
});
const PROGRAM = fc.record({
  calls: fc.array(CALL, { minLength: 1, maxLength: 8 }),
  cutAfter: fc.option(fc.nat(15)),
});

/** Counts begun and ended streams, at both ends. */
class Book {
  begun = 0;
  over = 0;
  readonly wrong: string[] = [];

  async *source(how: string, sizes: Iterable<number>): AsyncGenerator<Item> {
    const all = [...sizes];
    this.begun++;
    try {
      for (let index = 0; how === "endless" || index < all.length; index++) {
        if (how === "throws" && index === all.length - 1) throw new Error("broken");
        if (how === "waits" || index % 8 === 7) await turn();
        yield { index, padding: new Uint8Array(2 ** all[index % all.length]!) };
      }
    } finally {
      this.over++;
    }
  }

  async *raw(how: string, sizes: Iterable<number>): AsyncGenerator<Uint8Array> {
    for await (const item of this.source(how, sizes)) yield asBytes(item);
  }

  async *#numbered(items: AsyncIterable<Uint8Array>): AsyncGenerator<Item> {
    let index = 0;
    for await (const item of items) {
      if (!isIntact(item)) this.wrong.push(`an item of ${item.length} bytes is not what was sent`);
      if (item[0] !== index % SOME) this.wrong.push(`item ${item[0]} came in place of ${index}`);
      yield { index: index++, padding: item };
    }
  }

  readRaw(items: AsyncIterable<Uint8Array>, how: string, most: number): Promise<number> {
    return this.read(this.#numbered(items), how, most);
  }

  /** Read, and check that each item arrives once and in order. Resolves to their number. */
  async read(items: AsyncIterable<Item>, how: string, most: number): Promise<number> {
    let next = 0;
    this.begun++;
    try {
      for await (const { index } of items) {
        if (index !== next++) this.wrong.push(`item ${index} came in place of ${next - 1}`);
        if (how === "slow") await turn();
        if (next < most) continue;
        if (how === "leaves") break;
        if (how === "throws") throw new Error("enough");
      }
    } finally {
      this.over++;
    }
    return next;
  }

  readonly handlers: HandlersOf<MethodsOf<typeof Target>> = {
    down: ({ how, sizes }) => this.source(how, sizes),
    up: ({ how, items }) => this.read(items, how, 5),
    both: ({ how, items }) => this.echo(items, how),
    downRaw: ({ how, sizes }) => this.raw(how, sizes),
    upRaw: ({ how, items }) => this.readRaw(items, how, 5),
    bothRaw: ({ how, items }) => this.echo(items, how),
  };

  async *echo<T>(items: ItemStream<T>, how: string): AsyncGenerator<T> {
    let count = 0;
    this.begun++;
    try {
      for await (const item of items) {
        yield item;
        if (++count < 5) continue;
        if (how === "leaves") break;
        if (how === "throws") throw new Error("enough");
      }
    } finally {
      this.over++;
    }
  }
}

interface Reached extends AsyncDisposable {
  readonly client: Awaited<ReturnType<typeof connect<MethodsOf<typeof Target>, object, never>>>;
  readonly server: {
    stats(): Readonly<Record<"streamsOpen" | "callsInFlight" | "heldBytes", number>>;
  };
  cut(): void;
}

const OPTIONS = { reconnect: false } as const;

const WAYS: Readonly<Record<string, (book: Book) => Promise<Reached>>> = {
  async "in memory"(book) {
    const pair = await memoryPair(Target, () => book.handlers, {
      client: OPTIONS,
      server: { onError() {} },
    });
    return {
      client: pair.client,
      server: pair.server,
      cut: () => void pair.client.close(),
      [Symbol.asyncDispose]: () => pair.close(),
    };
  },
  async "over sockets"(book) {
    const server = await serve(
      Target,
      { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} },
      () => book.handlers,
    );
    const proxy = await Proxy.start(server.port);
    const client = await connect(Target, `ws://127.0.0.1:${proxy.port}`, OPTIONS);
    return {
      client,
      server,
      cut: () => proxy.cut(),
      async [Symbol.asyncDispose]() {
        await client.close();
        await proxy[Symbol.asyncDispose]();
        await server.close();
      },
    };
  },
};

for (const [where, reach] of Object.entries(WAYS)) {
  test(`every item comes once and in order up to a definite end, and nothing is left, ${where}`, {
    timeout: 600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(PROGRAM, async ({ calls, cutAfter }) => {
        const book = new Book();
        await using reached = await reach(book);
        const { client, server } = reached;
        const work = calls.map(
          async ({ of, isRaw, source, reader, sizes, abortAfter, timeoutMs }) => {
            // An endless one is cancelled.
            const isEndless = source === "endless" && (reader === "whole" || reader === "slow");
            const controller = new AbortController();
            const after = abortAfter ?? (isEndless ? 12 : undefined);
            const options = {
              ...(after === undefined ? {} : { signal: controller.signal }),
              ...(timeoutMs === null ? {} : { timeoutMs }),
            };
            void (async () => {
              for (let i = 0; i < (after ?? 0); i++) await turn();
              if (after !== undefined) controller.abort();
            })();
            const items = (): AsyncGenerator<Item> => book.source(source, sizes);
            try {
              const { rpc } = client;
              const raw = (): AsyncGenerator<Uint8Array> => book.raw(source, sizes);
              const asked = { how: source, sizes: Uint8Array.from(sizes) };
              const count = await (of === "up"
                ? isRaw
                  ? rpc.upRaw({ how: reader, items: raw() }, options)
                  : rpc.up({ how: reader, items: items() }, options)
                : isRaw
                ? book.readRaw(
                  of === "down"
                    ? rpc.downRaw(asked, options)
                    : rpc.bothRaw({ how: reader, items: raw() }, options),
                  reader,
                  5,
                )
                : book.read(
                  of === "down"
                    ? rpc.down(asked, options)
                    : rpc.both({ how: reader, items: items() }, options),
                  reader,
                  5,
                ));
              // An end without an error means that all items arrived, unless the reader left.
              const ends = source === "ends" || source === "waits";
              if (reader !== "leaves" && !(ends && count === sizes.length)) {
                book.wrong.push(`${of} of ${source} to ${reader} ended after ${count}`);
              }
            } catch (error) {
              const isWhole = (source === "ends" || source === "waits") && cutAfter === null &&
                (reader === "whole" || reader === "slow") && after === undefined &&
                timeoutMs === null;
              if (isWhole) book.wrong.push(`${of} of ${source} to ${reader} failed: ${error}`);
              const isReaders = reader === "throws" && (error as Error).message === "enough";
              if (!(error instanceof RpcError) && !isReaders) book.wrong.push(String(error));
            }
          },
        );
        if (cutAfter !== null) {
          for (let i = 0; i < cutAfter; i++) await turn();
          reached.cut();
        }
        await Promise.all(work);
        for (let i = 0; i < 1000 && !isOver(); i++) await turn();
        const { streamsOpen, callsInFlight, heldBytes } = server.stats();
        assertEquals([streamsOpen, callsInFlight, heldBytes], [0, 0, 0]);
        assertEquals(book.over, book.begun);
        assertEquals(book.wrong, []);
        assertEquals([client.stats().callsPending, client.stats().streamsOpen], [0, 0]);

        function isOver(): boolean {
          const { streamsOpen, callsInFlight, heldBytes } = server.stats();
          const { callsPending } = client.stats();
          const left = streamsOpen + callsInFlight + heldBytes + callsPending;
          return left === 0 && book.over === book.begun;
        }
      }),
      { numRuns: Number(process.env["CHAOS_RUNS"] ?? 30) },
    );
  });
}
