import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { connect as connectInPage } from "../../browser.ts";
import { type Client, connect } from "../../client.ts";
import { memoryPair } from "../../memory.ts";
import {
  bool,
  bytes,
  type MethodsOf,
  rpc,
  service,
  type StateOf,
  stream,
  struct,
  u32,
  u8,
  vec,
} from "../../mod.ts";
import { handler, type HandlerOf, serve } from "../../server.ts";
import { HAS_WEBSOCKET } from "../runtime/ways.ts";
import { turn } from "../server/support.ts";
import { THIS_RUNTIME } from "../support/runtimes.ts";
import { until } from "../support/until.ts";
import { serveByWs } from "../support/ws_server.ts";

const Part = struct({ bytes: u32, seed: u32, isNoise: bool, holder: u8, pauses: bool });
type Part = {
  readonly bytes: number;
  readonly seed: number;
  readonly isNoise: boolean;
  readonly holder: number;
  readonly pauses: boolean;
};
const Target = service({
  rpc: {
    down: rpc({ parts: vec(Part) }, stream(bytes)),
    up: rpc({ parts: vec(Part), items: stream(bytes) }, u32),
    both: rpc({ items: stream(bytes) }, stream(bytes)),
    echo: rpc({ data: bytes }, bytes),
  },
  state: { last: bytes },
  event: bytes,
});

/** The memory in which a program may have bytes. */
const HOLDERS: readonly ((content: Uint8Array<ArrayBuffer>) => Uint8Array)[] = [
  (content) => content,
  (content) => Buffer.from(content.buffer),
  (content) => Buffer.concat([content, content]).subarray(0, content.length),
  (content) => {
    const whole = new Uint8Array(content.length + 8);
    whole.set(content, 3);
    return whole.subarray(3, content.length + 3);
  },
  (content) => {
    const shared = new Uint8Array(new SharedArrayBuffer(content.length));
    shared.set(content);
    return shared;
  },
  (content) => {
    const options = { maxByteLength: content.length + 100 };
    const resizable = new (ArrayBuffer as new (length: number, more: object) => ArrayBuffer)(
      content.length,
      options,
    );
    const held = new Uint8Array(resizable);
    held.set(content);
    return held;
  },
];

/** Around the largest batch, the sizes of reads, and what is deflated by another thread. */
const SIZES = [0, 100, 4000, 16_383, 16_384, 16_385, 30_000, 65_535, 65_536, 65_537, 200_000];
const PART: fc.Arbitrary<Part> = fc.record({
  bytes: fc.constantFrom(...SIZES),
  seed: fc.nat(0xffff),
  isNoise: fc.boolean(),
  holder: fc.nat(HOLDERS.length - 1),
  pauses: fc.boolean(),
});
const STREAM = fc.record({
  of: fc.constantFrom("down", "up", "both"),
  parts: fc.array(PART, { minLength: 1, maxLength: 12 }),
});
const LARGE: fc.Arbitrary<Part> = fc.record({
  bytes: fc.constantFrom(5, 16_385, 70_000, 1_100_000),
  seed: fc.nat(0xffff),
  isNoise: fc.boolean(),
  holder: fc.constant(0),
  pauses: fc.boolean(),
});
const PROGRAM = fc.record({
  level: fc.constantFrom(0, 6),
  streams: fc.array(STREAM, { minLength: 1, maxLength: 5 }),
  /** Calls beside them, one after the other. */
  calls: fc.array(LARGE, { maxLength: 4 }),
});

/** The bytes of an item, which follow from what is said of it. */
function contentOf({ bytes, seed, isNoise }: Part): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array((bytes + 3) >> 2);
  let state = seed + 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = isNoise ? state : 0x61626364 + (seed & 15) + (i & 63);
  }
  return new Uint8Array(words.buffer).slice(0, bytes);
}

const equal = (some: Uint8Array, others: Uint8Array): boolean => Buffer.compare(some, others) === 0;

/** What is seen of all items, at both ends. */
class Book {
  readonly wrong: string[] = [];
  /** What readers got and wrote over, with what they wrote. */
  readonly #kept: [item: Uint8Array, mark: number][] = [];

  /** Items, each of which is written over when it was sent. */
  async *source(parts: readonly Part[]): AsyncGenerator<Uint8Array> {
    for (const part of parts) {
      const item = HOLDERS[part.holder]!(contentOf(part));
      yield item;
      if (item.length !== part.bytes) this.wrong.push(`an item of ${part.bytes} was taken away`);
      item.fill(0xee);
      if (part.pauses) await turn();
    }
  }

  /** Read, and check what comes. */
  async read(items: AsyncIterable<Uint8Array>, parts: readonly Part[]): Promise<number> {
    let count = 0;
    for await (const item of items) {
      const part = parts[count++];
      this.#take(item, part);
      if (part?.pauses) await turn();
    }
    if (count !== parts.length) this.wrong.push(`${count} items in place of ${parts.length}`);
    return count;
  }

  #take(item: Uint8Array, part: Part | undefined): void {
    const { buffer, length } = item;
    if (part === undefined || !equal(item, contentOf(part))) {
      this.wrong.push(`${length} wrong bytes in place of ${JSON.stringify(part)}`);
    }
    if (buffer.byteLength !== length) this.wrong.push(`${length} of ${buffer.byteLength} bytes`);
    const mark = this.#kept.length & 255;
    item.fill(mark);
    this.#kept.push([item, mark]);
  }

  /** Whether what was written is what is there. */
  check(): void {
    for (const [item, mark] of this.#kept) {
      if (item.some((byte) => byte !== mark)) this.wrong.push(`others wrote to ${item.length}`);
    }
  }

  readonly handlers: HandlerOf<typeof Target> = ({ state, subscriptions }) => {
    void subscriptions.add("all");
    return {
      down: ({ parts }) => this.source(parts),
      up: ({ parts, items }) => this.read(items, parts),
      async *both({ items }) {
        for await (const item of items) {
          yield item;
          item.fill(0xdd);
        }
      },
      echo: ({ data }) => state.last = data,
    };
  };
}

interface Stats {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly streamsOpen: number;
  readonly callsInFlight: number;
  readonly heldBytes: number;
  readonly protocolErrors: number;
}

interface Reached extends AsyncDisposable {
  readonly client: Client<MethodsOf<typeof Target>, StateOf<typeof Target>, Uint8Array>;
  readonly server: {
    stats(): Stats;
    readonly events: { emit(topic: string, payload: Uint8Array): void };
  };
}

type Reach = (book: Book, level: 0 | 6) => Promise<Reached>;

const ON = { port: 0, hostname: "127.0.0.1" } as const;
const LOUD = {
  onError(error: unknown): void {
    throw error;
  },
};

const bySockets = (dial: typeof connect, tls?: "self-signed"): Reach => async (book, level) => {
  const server = await serve(Target, { ...ON, tls: tls ?? "plain", ...LOUD }, book.handlers);
  const options = { reconnect: false, level, ...(tls ? { tls } : {}) } as const;
  const client = await dial(Target, server.url, options);
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.close();
    },
  };
};

interface Bun {
  serve(options: object): { readonly port: number; stop(cut: boolean): Promise<void> };
}

const byMount: Reach = async (book, level) => {
  const mounted = handler(Target, LOUD, book.handlers);
  const { Bun: bun } = globalThis as { readonly Bun?: Bun };
  const abort = new AbortController();
  const on = bun?.serve({ ...ON, ...mounted });
  const off = on
    ? undefined
    : Deno.serve({ ...ON, signal: abort.signal, onListen() {} }, mounted.fetch);
  const url = `ws://127.0.0.1:${on?.port ?? off!.addr.port}`;
  const client = await connect(Target, url, { reconnect: false, level });
  return {
    client,
    server: mounted,
    async [Symbol.asyncDispose]() {
      await client.close();
      await mounted.close();
      await on?.stop(true);
      abort.abort();
      await off?.finished;
    },
  };
};

const byWs = (serveBy: NonNullable<typeof serveByWs>): Reach => async (book, level) => {
  const mounted = handler(Target, LOUD, book.handlers);
  const { url, close } = await serveBy(mounted);
  const client = await connect(Target, url, { reconnect: false, level });
  return {
    client,
    server: mounted,
    async [Symbol.asyncDispose]() {
      await client.close();
      await mounted.close();
      await close();
    },
  };
};

const REACHES: Readonly<Record<string, Reach>> = {
  "in memory": async (book, level) => {
    const options = { client: { reconnect: false, level }, server: LOUD } as const;
    const { client, server, close } = await memoryPair(Target, book.handlers, options);
    return { client, server, [Symbol.asyncDispose]: close };
  },
  "over sockets": bySockets(connect),
  "over TLS": bySockets(connect, "self-signed"),
  ...(HAS_WEBSOCKET ? { "from a page": bySockets(connectInPage as typeof connect) } : {}),
  ...(serveByWs ? { "by ws": byWs(serveByWs) } : {}),
  ...(THIS_RUNTIME === "node" ? {} : { "by a mount": byMount }),
};

for (const [where, reach] of Object.entries(REACHES)) {
  test(`items of any size and memory come once, in order, each in memory of its own, ${where}`, {
    timeout: 600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(PROGRAM, async ({ level, streams, calls }) => {
        const book = new Book();
        await using reached = await reach(book, level as 0 | 6);
        const { client, server } = reached;
        const events = client.events();
        const heard: Uint8Array[] = [];
        const work = streams.map(async ({ of, parts }) => {
          if (of === "down") await book.read(client.rpc.down({ parts: [...parts] }), parts);
          else if (of === "both") {
            await book.read(client.rpc.both({ items: book.source(parts) }), parts);
          } else await client.rpc.up({ parts: [...parts], items: book.source(parts) });
        });
        for (const part of calls) {
          const data = contentOf(part);
          const answer = await client.rpc.echo({ data });
          assert(equal(answer, data));
          // A reply that is the same as the state before changes nothing.
          assert(equal(client.state.current.last, data));
          server.events.emit("all", data);
          heard.push((await events.next()).value!.payload);
        }
        await Promise.all(work);
        book.check();
        assertEquals(book.wrong, []);
        assertEquals(heard.every((payload, i) => equal(payload, contentOf(calls[i]!))), true);
        // Both ends have counted the same bytes, once all are there.
        await until(() => {
          const { callsInFlight, bytesSent, bytesReceived } = server.stats();
          const counted = client.stats();
          return callsInFlight === 0 && counted.bytesReceived === bytesSent &&
            counted.bytesSent === bytesReceived;
        });
        const { streamsOpen, heldBytes, protocolErrors } = server.stats();
        assertEquals([streamsOpen, heldBytes, protocolErrors], [0, 0, 0]);
        assertEquals([client.stats().callsPending, client.stats().streamsOpen], [0, 0]);
      }),
      { numRuns: Number(process.env["CHAOS_RUNS"] ?? 15) },
    );
  });
}
