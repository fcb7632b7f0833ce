/**
 * Every limit, at exactly n, which passes, and at n + 1, which is refused by name.
 *
 * A limit without a row fails the test.
 */
import { assertEquals } from "@std/assert";
import { MAX_QUEUED_CALLS } from "../../client/parts.ts";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MAX_ABANDONED_CALLS, MAX_CALLS_IN_FLIGHT } from "../../wire/page_limits.ts";
import { connectWith } from "../../client/full.ts";
import type { ConnectOptions } from "../../client/mod.ts";
import { interpret } from "../../codec/archive.ts";
import { encode } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import {
  bytes,
  lazy,
  rpc,
  RpcError,
  type Schema,
  type Service,
  service,
  stream,
  struct,
  u32,
  unit,
  vec,
} from "../../mod.ts";
import { memoryDialer, MemoryNetwork } from "../../runtime/memory.ts";
import { MAX_TURN_MS } from "../../runtime/turn.ts";
import { WAITING_BYTES } from "../../runtime/turn_guard.ts";
import { TurnGuard } from "../../runtime/turn_guard.ts";
import { createCore } from "../../server/server_core.ts";
import { type Context, MAX_QUEUED_NOTIFICATIONS, type ServerOptions } from "../../server/mod.ts";
import { MAX_WINDOW_BYTES, STREAM_WINDOW_BYTES } from "../../stream/lead.ts";
import { MAX_BATCH_BYTES } from "../../wire/batch.ts";
import {
  writeClientGrant,
  writeClientItem,
  writeRequest,
} from "../../wire/client_message_writer.ts";
import { ConnectError } from "../../wire/errors.ts";
import { writeServerGrant, writeServerItem } from "../../wire/server_extension.ts";
import { OpenSockets } from "../../runtime/node/open_sockets.ts";
import net, { type AddressInfo } from "node:net";
import { RawClient } from "../support/raw_client.ts";
import { DEFAULT_LIMITS, type Limits } from "../../wire/limits.ts";
import { Topic } from "../../wire/topic.ts";
import { deferred } from "../support/deferred.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { storeBlocks } from "../../deflate/stored_blocks.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { until } from "../support/until.ts";

interface Tree {
  children: Tree[];
}
const Tree: Schema<Tree> = struct({ children: vec(lazy(() => Tree)) });

const Limited = service({
  rpc: {
    now: rpc({}, u32),
    never: rpc(),
    hold: rpc({ data: bytes }),
    put: rpc({ data: bytes }, u32),
    get: rpc({ length: u32 }, bytes),
    grow: rpc({ tree: Tree }),
    grown: rpc({ levels: u32 }, Tree),
    count: rpc({ units: vec(unit) }, u32),
    subscribe: rpc({ topics: u32 }),
  },
  event: u32,
});
/** Items of no bytes, so that each costs 64. */
const Streams = service({
  rpc: { take: rpc({ units: stream(unit) }), give: rpc({}, stream(unit)) },
});
const [TAKE, GIVE] = Streams.methods as [typeof Streams.methods[0], typeof Streams.methods[0]];

/** A server that reads no items, and whose own never end. */
function streamsCore() {
  const never = (): Promise<void> => new Promise(() => {});
  const endless = function* (): Generator<undefined> {
    for (;;) yield undefined;
  };
  const make = () => ({ take: never, give: endless });
  return createCore(Streams, { onError() {} }, make, testDeflater, new FakeClock());
}

const [NOW] = Limited.methods as [typeof Limited.methods[0]];
const GET = Limited.methods.find(({ name }) => name === "get")!.call;

/** A request with the extension. */
const extended = (): Request => upgradeRequest({}, "/?hl-x=1");

function handlers({ subscriptions }: Context<unknown, number, unknown>) {
  return {
    now: () => 1,
    never: () => new Promise<void>(() => {}),
    hold: () => new Promise<void>(() => {}),
    put: ({ data }: { data: Uint8Array }) => data.length,
    get: ({ length }: { length: number }) => new Uint8Array(length),
    grow() {},
    grown: ({ levels }: { levels: number }) => nested(levels),
    count: ({ units }: { units: unknown[] }) => units.length,
    subscribe({ topics }: { topics: number }) {
      for (let n = 0; n < topics; n++) subscriptions.add(`topic ${n}`);
    },
  };
}

/** Let all pending work without timers run. */
async function settle(): Promise<void> {
  for (let n = 0; n < 50; n++) await Promise.resolve();
}

/** The outcome of a call: its value, or the code of its error and of the connection's close. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    return error instanceof RpcError || error instanceof ConnectError ? error.code : error;
  }
}

interface Sides {
  readonly server?: Partial<Limits>;
  readonly client?: Partial<Limits>;
  readonly options?: Partial<ServerOptions<unknown>>;
  readonly whenFull?: ConnectOptions<never, never>["whenFull"];
}

/** A client of a server over memory, with one stopped clock. */
async function stack({ server, client, options, whenFull }: Sides) {
  const clock = new FakeClock();
  const closedWith: number[] = [];
  const errors: unknown[] = [];
  const core = createCore(
    Limited,
    {
      limits: server,
      onError: (error) => errors.push(error),
      onTrace(trace) {
        if (trace.type === "closed") closedWith.push(trace.code);
      },
      ...options,
    },
    handlers,
    testDeflater,
    clock,
  );
  const connect = () =>
    connectWith(
      Limited,
      "ws://memory/",
      { level: 0, reconnect: false, limits: client, whenFull },
      {
        dial: memoryDialer(core.acceptor, new MemoryNetwork(clock)),
        deflater: testDeflater,
        clock,
      },
    );
  return { clock, core, errors, closedWith, connect, client: await connect() };
}

/** A client of a scripted peer. */
async function alone(limits: Partial<Limits>, peer = new FakePeer()) {
  const clock = new FakeClock();
  const client = await connectWith(Limited, "ws://peer/", { reconnect: false, limits }, {
    dial: fakeDialer(() => peer).dial,
    deflater: testDeflater,
    clock,
  });
  return { clock, client, peer };
}

/** A client of a scripted peer with the extension. */
async function extendedClient<M extends object, S extends object, E>(service: Service<M, S, E>) {
  const peer = new FakePeer();
  peer.extended = true;
  const client = await connectWith(service, "ws://peer/", { reconnect: false }, {
    dial(_, open) {
      peer.attach(open(peer, { protocol: "hl/2", extension: 1 }));
      return Promise.resolve();
    },
    deflater: testDeflater,
    clock: new FakeClock(),
  });
  return { client, peer };
}

/** A call of `put` with so many bytes, in a stored block. */
function storedPut(length: number): Uint8Array {
  const writer = new Writer();
  const put = Limited.methods.find(({ name }) => name === "put")!;
  writeRequest(interpret, writer, 0, put.call, { data: new Uint8Array(length) });
  return storeBlocks(writer.bytes.subarray(0, writer.position));
}

/** A server and a scripted client. */
async function served(limits: Partial<Limits>) {
  const clock = new FakeClock();
  const core = createCore(Limited, { limits, onError() {} }, handlers, testDeflater, clock);
  return { clock, core, client: await ScriptedClient.connect(core) };
}

/** The smallest limit with which an operation works, found by trying, so that no row repeats the code's sums. */
async function least(works: (limit: number) => Promise<boolean>, below: number): Promise<number> {
  let [fails, limit] = [0, below];
  while (limit - fails > 1) {
    const middle = (fails + limit) >> 1;
    if (await works(middle)) limit = middle;
    else fails = middle;
  }
  return limit;
}

const nested = (levels: number): Tree => ({ children: levels === 1 ? [] : [nested(levels - 1)] });

/** A socket of which nothing is sent. */
class KeptSocket extends TurnGuard {
  readonly bufferedAmount = 0;
  send(): void {}
  protected sendNow(): void {}
  protected hangUp(): void {}
  terminate(): void {
    this.end({ code: 1006, reason: "Terminated" });
  }
}

interface Row {
  readonly limit: keyof Limits | `${"MAX_" | "STREAM_" | "callRate"}${string}`;
  readonly side: "client" | "server" | "both";
  /** The operation with the limit at n: with an amount of n, or one more. */
  readonly attempt: (excess: 0 | 1) => Promise<unknown>;
  readonly passes: unknown;
  readonly refused: unknown;
}

const DATA = new Uint8Array(3000);

const ROWS: readonly Row[] = [
  ...(["maxMessageBytes", "maxInflatedBytes"] as const).flatMap((limit): Row[] => [
    {
      limit,
      side: "server",
      async attempt(excess) {
        const put = async (n: number) => {
          const { client, closedWith } = await stack({ server: { [limit]: n } });
          return [await outcome(client.rpc.put({ data: DATA })), ...closedWith];
        };
        const n = await least(async (each) => (await put(each)).length === 1, 10_000);
        return await put(n - excess);
      },
      passes: [DATA.length],
      refused: ["ConnectionLost", 4009],
    },
    {
      limit,
      side: "client",
      async attempt(excess) {
        const take = async (n: number) => {
          const { client, peer } = await alone({ [limit]: n });
          const call = outcome(client.rpc.get({ length: 0 }));
          peer.reply(0, bytes, crypto.getRandomValues(new Uint8Array(3000)));
          const answer = await call;
          return [answer instanceof Uint8Array ? answer.length : answer, peer.closedWith?.code];
        };
        const n = await least(async (each) => (await take(each))[1] === undefined, 10_000);
        return await take(n - excess);
      },
      passes: [3000, undefined],
      refused: ["ConnectionLost", 4009],
    },
    {
      limit,
      side: "both",
      async attempt(excess) {
        const get = async (n: number) => {
          const { client, closedWith } = await stack({ client: { [limit]: n } });
          const answer = await outcome(client.rpc.get({ length: 3000 }));
          return [answer instanceof Uint8Array ? answer.length : answer, ...closedWith];
        };
        const n = await least(async (each) => (await get(each))[0] === 3000, 10_000);
        return await get(n - excess);
      },
      passes: [3000],
      refused: ["ServerEncodeError"],
    },
  ]),
  {
    limit: "maxInflatedBytes",
    side: "client",
    async attempt(excess) {
      const put = async (n: number) => {
        const { client } = await stack({ client: { maxInflatedBytes: n } });
        return await outcome(client.rpc.put({ data: DATA }));
      };
      const n = await least(async (each) => await put(each) === DATA.length, 10_000);
      return await put(n - excess);
    },
    passes: DATA.length,
    refused: "ClientEncodeError",
  },
  {
    limit: "maxDepth",
    side: "server",
    async attempt(excess) {
      const { client } = await stack({ server: { maxDepth: 5 } });
      // The outermost is not inside itself: n levels of recursion are n + 1 trees.
      return await outcome(client.rpc.grow({ tree: nested(6 + excess) }));
    },
    passes: undefined,
    refused: "ServerDecodeError",
  },
  {
    limit: "maxDepth",
    side: "client",
    async attempt(excess) {
      const { client } = await stack({ server: { maxDepth: 99 }, client: { maxDepth: 80 } });
      return await outcome(client.rpc.grow({ tree: nested(81 + excess) }));
    },
    passes: undefined,
    refused: "ClientEncodeError",
  },
  {
    limit: "maxDepth",
    side: "both",
    async attempt(excess) {
      const { client } = await stack({ server: { maxDepth: 80 }, client: { maxDepth: 99 } });
      return await outcome(client.rpc.grown({ levels: 81 + excess }));
    },
    passes: nested(81),
    refused: "ServerEncodeError",
  },
  {
    limit: "maxDecodedBytes",
    side: "server",
    async attempt(excess) {
      const { client } = await stack({ server: { maxDecodedBytes: 8 * 100 } });
      const units = new Array<undefined>(100 + excess).fill(undefined);
      return await outcome(client.rpc.count({ units }));
    },
    passes: 100,
    refused: "ServerDecodeError",
  },
  {
    limit: "maxHeldBytes",
    side: "server",
    async attempt(excess) {
      // An archive of a call is its data and a tag, a pointer and a length, at multiples of four.
      const { client } = await stack({ server: { maxHeldBytes: 2 * 8012 } });
      void outcome(client.rpc.hold({ data: new Uint8Array(8000) }));
      const second = client.rpc.hold({ data: new Uint8Array(8000 + 4 * excess) });
      const waiting = settle().then(() => "held");
      return await Promise.race([outcome(second), waiting]);
    },
    passes: "held",
    refused: "TooManyCallsInFlight",
  },
  {
    limit: "maxTotalHeldBytes",
    side: "server",
    async attempt(excess) {
      // Likewise, though the first connection has ended.
      const { client, connect } = await stack({ server: { maxTotalHeldBytes: 2 * 8012 } });
      void outcome(client.rpc.hold({ data: new Uint8Array(8000) }));
      await settle();
      await client.close();
      const second = (await connect()).rpc.hold({ data: new Uint8Array(8000 + 4 * excess) });
      const waiting = settle().then(() => "held");
      return await Promise.race([outcome(second), waiting]);
    },
    passes: "held",
    refused: "TooManyCallsInFlight",
  },
  {
    limit: "maxTopicBytes",
    side: "server",
    async attempt(excess) {
      // Of the topics 0 to 10, the last has a byte more.
      const { client, errors } = await stack({ server: { maxTopicBytes: "topic 9".length } });
      return [
        await outcome(client.rpc.subscribe({ topics: 10 + excess })),
        ...errors.map((error) => error instanceof RangeError),
      ];
    },
    passes: [undefined],
    refused: ["HandlerPanicked", true],
  },
  {
    limit: "maxTopicBytes",
    side: "client",
    async attempt(excess) {
      const { client, peer } = await alone({ maxTopicBytes: 10 });
      client.events();
      peer.event(Topic.from(new Uint8Array(10 + excess)), encode(u32, 1));
      return client.stats().undecodableEvents;
    },
    passes: 0,
    refused: 1,
  },
  {
    limit: "maxSubscriptions",
    side: "server",
    async attempt(excess) {
      const { client, errors } = await stack({ server: { maxSubscriptions: 10 } });
      return [
        await outcome(client.rpc.subscribe({ topics: 10 + excess })),
        ...errors.map((error) => error instanceof RangeError),
      ];
    },
    passes: [undefined],
    refused: ["HandlerPanicked", true],
  },
  {
    limit: "maxWaitingBytes",
    side: "server",
    async attempt(excess) {
      let closedWith: number | undefined;
      const socket = new KeptSocket({
        idleTimeoutMs: 0,
        closeTimeoutMs: 5000,
        maxMessageBytes: 10_000,
        maxWaitingBytes: 5000 + 2 * WAITING_BYTES,
      });
      socket.attach(() => ({
        onMessage() {
          for (const until = performance.now() + 2 * MAX_TURN_MS; performance.now() < until;);
        },
        onClose: ({ code }) => closedWith = code,
      }));
      socket.receive(new Uint8Array(5000));
      socket.receive(new Uint8Array(3000));
      socket.receive(new Uint8Array(2000 + excess));
      const outcome = closedWith;
      socket.terminate();
      // The turn is over before the next row begins.
      await new Promise((resolve) => setTimeout(resolve, 5 * MAX_TURN_MS));
      return outcome;
    },
    passes: undefined,
    refused: 4008,
  },
  {
    limit: "maxBufferedBytes",
    side: "server",
    async attempt(excess) {
      const { client, clock } = await served({ maxBufferedBytes: 100, closeTimeoutMs: 5000 });
      client.bufferedAmount = 100 + excess;
      for (let n = 0; n < 10; n++) client.call(1, NOW.call);
      assertEquals(client.closedWith, undefined);
      // Bytes sent after the watch began count as accepted, which allows one more turn.
      clock.advance(10_000);
      return (client.closedWith as { code: number } | undefined)?.code;
    },
    passes: undefined,
    refused: 4008,
  },
  {
    limit: "maxBufferedBytes",
    side: "server",
    async attempt(excess) {
      const { client } = await served({ maxBufferedBytes: 100 });
      client.bufferedAmount = 200 + excess;
      for (let n = 0; n < 10; n++) client.call(1, NOW.call);
      return client.closedWith?.code;
    },
    passes: undefined,
    refused: 4008,
  },
  {
    limit: "maxBufferedBytes",
    side: "client",
    async attempt(excess) {
      const { client, peer } = await alone({ maxBufferedBytes: 100 });
      peer.bufferedAmount = 100 + excess;
      const call = outcome(client.rpc.now());
      if (excess === 0) peer.reply(0, u32, 7);
      return await call;
    },
    passes: 7,
    refused: "TooManyCallsInFlight",
  },
  {
    limit: "maxQueuedEvents",
    side: "client",
    async attempt(excess) {
      const { client, peer } = await alone({ maxQueuedEvents: 10 });
      const events = client.events();
      for (let n = 0; n < 10 + excess; n++) peer.event(Topic.from("t"), encode(u32, n));
      return [events.dropped, (await events.next()).value?.payload];
    },
    passes: [0, 0],
    refused: [1, 1],
  },
  {
    limit: "maxAuthorizations",
    side: "server",
    async attempt(excess) {
      const release = deferred<boolean>();
      let asked = 0;
      const { connect } = await stack({
        server: { maxAuthorizations: 2 },
        options: { authorize: () => asked++ === 0 || release.promise },
      });
      const more = Array.from({ length: 2 + excess }, () => outcome(connect()));
      await settle();
      release.resolve(true);
      return (await Promise.all(more)).map((each) => typeof each === "string" ? each : "open");
    },
    passes: ["open", "open"],
    refused: ["open", "open", "TooBusy"],
  },
  {
    limit: "maxQueuedEventBytes",
    side: "client",
    async attempt(excess) {
      // 256 for each event, plus its message: a topic of one byte, and the number.
      const { client, peer } = await alone({ maxQueuedEventBytes: 3 * (256 + 1 + 4) - excess });
      const events = client.events();
      for (let n = 0; n < 3; n++) peer.event(Topic.from("t"), encode(u32, n));
      return [events.dropped, (await events.next()).value?.payload];
    },
    passes: [0, 0],
    refused: [1, 1],
  },
  {
    limit: "maxConnections",
    side: "server",
    async attempt(excess) {
      const { connect } = await stack({ server: { maxConnections: 3 } });
      const more = Array.from({ length: 2 + excess }, () => outcome(connect()));
      return (await Promise.all(more)).map((each) => typeof each === "string" ? each : "open");
    },
    passes: ["open", "open"],
    refused: ["open", "open", "TooBusy"],
  },
  {
    limit: "maxPlainConnections",
    side: "server",
    async attempt(excess) {
      let told = 0;
      const sockets = new OpenSockets(10_000, 3, () => told++);
      const server = net.createServer((socket) => {
        sockets.add(socket);
        socket.write("a");
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const clients: RawClient[] = [];
      for (let i = 0; i < 3 + excess; i++) clients.push(await RawClient.connect(port));
      for (const client of clients) await client.until(() => client.bytes.length > 0);
      const cut = clients.filter(({ ended }) => ended).length;
      sockets.destroy();
      for (const { socket } of clients) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      return [cut, told];
    },
    passes: [0, 0],
    refused: [1, 1],
  },
  {
    limit: "maxTotalBufferedBytes",
    side: "server",
    async attempt(excess) {
      // More was sent than may wait, so the total is computed. The connection with the most is closed.
      const { core, client } = await served({ maxTotalBufferedBytes: 200_000 });
      const stored = upgradeRequest({ "x-hl-compress": "0" });
      const other = await ScriptedClient.connect(core, stored);
      client.bufferedAmount = 120_000 + excess;
      other.bufferedAmount = 80_000;
      for (let n = 0; n < 220; n++) other.call(1, GET, { length: 1000 });
      return [client.closedWith?.code, other.closedWith?.code];
    },
    passes: [undefined, undefined],
    refused: [4008, undefined],
  },
  {
    limit: "maxStuckConnections",
    side: "server",
    async attempt(excess) {
      const { core, client } = await served({ maxStuckConnections: 1 + 1 - excess });
      client.lingers = "stuck";
      client.hangUp();
      return await ScriptedClient.connect(core).then(() => "open", (error: Error) => error.message);
    },
    passes: "open",
    refused: "refused: 503",
  },
  {
    limit: "handshakeTimeoutMs",
    side: "client",
    async attempt(excess) {
      const clock = new FakeClock();
      let answer = (): void => {};
      const connecting = outcome(
        connectWith(Limited, "ws://peer/", { limits: { handshakeTimeoutMs: 300 } }, {
          dial: (_, open) =>
            new Promise((resolve) =>
              answer = () => {
                const peer = new FakePeer();
                peer.attach(open(peer, { protocol: "hl/2" }));
                resolve();
              }
            ),
          deflater: testDeflater,
          clock,
        }),
      );
      await settle();
      clock.advance(299 + excess);
      answer();
      const connected = await connecting;
      return typeof connected === "string" ? connected : "open";
    },
    passes: "open",
    refused: "TimedOut",
  },
  {
    limit: "callTimeoutMs",
    side: "client",
    async attempt(excess) {
      const { client, peer, clock } = await alone({ callTimeoutMs: 300 });
      const call = outcome(client.rpc.now());
      await settle();
      clock.advance(299 + excess);
      peer.reply(0, u32, 7);
      return await call;
    },
    passes: 7,
    refused: "DeadlineExceeded",
  },
  {
    limit: "closeTimeoutMs",
    side: "client",
    async attempt(excess) {
      const { client, peer, clock } = await alone({ closeTimeoutMs: 300 });
      peer.answersClose = false;
      const closing = client.close();
      clock.advance(299 + excess);
      const { terminated } = peer;
      peer.end(1000, "");
      await closing;
      return terminated;
    },
    passes: false,
    refused: true,
  },
  {
    limit: "closeTimeoutMs",
    side: "server",
    async attempt(excess) {
      const { core, client, clock } = await served({ closeTimeoutMs: 300 });
      client.answersClose = false;
      const closing = core.close({ deadlineMs: 0 });
      await settle();
      clock.advance(0);
      await settle();
      clock.advance(299 + excess);
      const { terminated } = client;
      client.hangUp();
      await closing;
      return terminated;
    },
    passes: 0,
    refused: 1,
  },
  ...(["client", "server"] as const).map((side): Row => ({
    limit: "idleTimeoutMs",
    side,
    async attempt(excess) {
      const clock = new FakeClock();
      const network = new MemoryNetwork(clock);
      const closedWith: number[] = [];
      const limits = { idleTimeoutMs: 300 };
      const core = createCore(
        Limited,
        {
          limits: side === "server" ? limits : {},
          onError() {},
          onTrace: (trace) => trace.type === "closed" && closedWith.push(trace.code),
        },
        handlers,
        testDeflater,
        clock,
      );
      const client = await connectWith(
        Limited,
        "ws://memory/",
        { reconnect: false, limits: side === "client" ? limits : {} },
        { dial: memoryDialer(core.acceptor, network), deflater: testDeflater, clock },
      );
      network.freeze();
      clock.advance(599 + excess);
      await settle();
      return side === "server" ? closedWith : client.status.state;
    },
    passes: side === "server" ? [] : "open",
    refused: side === "server" ? [4000] : "closed",
  })),
  {
    limit: "MAX_CALLS_IN_FLIGHT",
    side: "client",
    async attempt(excess) {
      const { client, peer } = await alone({});
      const calls = Array.from(
        { length: MAX_CALLS_IN_FLIGHT + excess },
        () => outcome(client.rpc.now()),
      );
      for (const { id } of peer.requests) peer.reply(id, u32, id);
      return [...new Set(await Promise.all(calls))].filter((each) => typeof each === "string");
    },
    passes: [],
    refused: ["TooManyCallsInFlight"],
  },
  {
    limit: "MAX_QUEUED_CALLS",
    side: "client",
    async attempt(excess) {
      const { client } = await stack({ whenFull: "wait" });
      const calls = Array.from(
        { length: MAX_CALLS_IN_FLIGHT + MAX_QUEUED_CALLS + excess },
        () => outcome(client.rpc.now()),
      );
      const outcomes = await Promise.all(calls);
      return [outcomes.length, ...new Set(outcomes)];
    },
    passes: [1280, 1],
    refused: [1281, 1, "TooManyCallsInFlight"],
  },
  {
    limit: "MAX_ABANDONED_CALLS",
    side: "client",
    async attempt(excess) {
      const { client, clock } = await alone({ callTimeoutMs: 300 });
      const calls = Array.from(
        { length: MAX_ABANDONED_CALLS + excess },
        () => outcome(client.rpc.never()),
      );
      await settle();
      clock.advance(300);
      return [...new Set(await Promise.all(calls)), client.status.state];
    },
    passes: ["DeadlineExceeded", "open"],
    refused: ["DeadlineExceeded", "closed"],
  },
  {
    limit: "MAX_QUEUED_NOTIFICATIONS",
    side: "server",
    async attempt(excess) {
      const { core, client } = await stack({
        server: { maxSubscriptions: MAX_QUEUED_NOTIFICATIONS + 1 },
      });
      const notifications = core.topicNotifications();
      await client.rpc.subscribe({ topics: MAX_QUEUED_NOTIFICATIONS + excess });
      const first = (await notifications.next()).value;
      return [notifications.dropped, String(first?.topic)];
    },
    passes: [0, "topic 0"],
    refused: [1, "topic 1"],
  },
  {
    limit: "STREAM_WINDOW_BYTES",
    side: "server",
    async attempt(excess) {
      const client = await ScriptedClient.connect(streamsCore(), extended());
      client.call(1, TAKE.call);
      for (let n = 0; n < 4096 + excess; n++) {
        client.write((writer) => writeClientItem(interpret, writer, 1, unit, undefined));
      }
      await settle();
      return client.closedWith?.code;
    },
    passes: undefined,
    refused: 4002,
  },
  {
    limit: "STREAM_WINDOW_BYTES",
    side: "client",
    async attempt(excess) {
      const { client, peer } = await extendedClient(Streams);
      client.rpc.give();
      for (let n = 0; n < 4096 + excess; n++) {
        peer.archive((writer) => writeServerItem(interpret, writer, 0, unit, undefined));
      }
      return peer.closedWith?.code;
    },
    passes: undefined,
    refused: 4002,
  },
  {
    limit: "MAX_WINDOW_BYTES",
    side: "server",
    async attempt(excess) {
      const client = await ScriptedClient.connect(streamsCore(), extended());
      client.call(1, GIVE.call);
      await until(() => client.received.length >= 4096);
      client.write((writer) => writeClientGrant(writer, 1, 1_048_576 + excess, 786_432 + excess));
      await settle();
      return client.closedWith?.code;
    },
    passes: undefined,
    refused: 4002,
  },
  {
    limit: "MAX_WINDOW_BYTES",
    side: "client",
    async attempt(excess) {
      const { client, peer } = await extendedClient(Streams);
      client.rpc.take({ units: new ReadableStream() }).catch(() => {});
      const more = 786_432 + excess;
      peer.archive((writer) => writeServerGrant(writer, 0, more, more));
      return peer.closedWith?.code;
    },
    passes: undefined,
    refused: 4002,
  },
  {
    limit: "MAX_BATCH_BYTES",
    side: "server",
    async attempt(excess) {
      const { core } = await served({});
      const client = await ScriptedClient.connect(core, extended());
      const large = storedPut(16_000);
      // Short calls of 4 bytes, of which the last has up to 3 bytes of its archive, all zeros.
      const rest = 16_384 + excess - large.length;
      const [count, more] = [Math.floor(rest / 4), rest % 4];
      const shorts = Array.from({ length: count }, (_, n) => {
        const bytes = n === count - 1 ? more : 0;
        return [7, n + 1, bytes, NOW.call.size - bytes, ...new Uint8Array(bytes)];
      });
      const batch = Uint8Array.of(...large, ...shorts.flat());
      assertEquals(batch.length, 16_384 + excess);
      client.batch(batch);
      await settle();
      const answers = client.take().filter((said) => said.startsWith("response"));
      return [answers.length === count + 1, client.closedWith?.code];
    },
    passes: [true, undefined],
    refused: [false, 4002],
  },
  {
    limit: "MAX_BATCH_BYTES",
    side: "client",
    async attempt(excess) {
      const { client, peer } = await extendedClient(Limited);
      const call = outcome(client.rpc.now());
      // Answers to no call, of 256 bytes each, before the one to this.
      const strays = Array.from({ length: 64 }, (_, n) => {
        const bytes = n === 0 ? 244 + excess : 252;
        return [7, 200, bytes, 0, ...new Uint8Array(bytes)];
      });
      const batch = Uint8Array.of(...strays.flat(), ...[7, 0, 4, 0, 7, 0, 0, 0]);
      assertEquals(batch.length, 16_384 + excess);
      peer.batch(batch);
      return [await call, peer.closedWith?.code];
    },
    passes: [7, undefined],
    refused: ["ConnectionLost", 4002],
  },
  {
    limit: "callRate",
    side: "server",
    async attempt(excess) {
      const { client } = await stack({ options: { callRate: { perSecond: 1, burst: 10 } } });
      const calls = Array.from({ length: 10 + excess }, () => outcome(client.rpc.now()));
      return [...new Set(await Promise.all(calls))];
    },
    passes: [1],
    refused: [1, "TooManyCallsInFlight"],
  },
];

for (const { limit, side, attempt, passes, refused } of ROWS) {
  test(`${limit}, ${side}: n passes, n + 1 is ${JSON.stringify(refused)}`, async () => {
    assertEquals(await attempt(0), passes);
    assertEquals(await attempt(1), refused);
  });
}

test("a source is pulled for 262,144 bytes ahead of its reader: 4,096 items of 64", async () => {
  const core = streamsCore();
  const client = await ScriptedClient.connect(core, extended());
  client.call(1, GIVE.call);
  await until(() => client.received.length >= 4096);
  await settle();
  assertEquals([client.received.length, core.stats().itemsSent], [4096, 4096]);
  client.hangUp();
});

test("every limit has a row", () => {
  const rows = new Set<string>(ROWS.map(({ limit }) => limit));
  assertEquals(Object.keys(DEFAULT_LIMITS).filter((name) => !rows.has(name)), []);
});

test("the table of limits in docs/options.md is that of the code", () => {
  const page = readFileSync(new URL("../../docs/options.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` +\| [a-z]+ +\| +([\d,]+) \|/gm)];
  assertEquals(
    Object.fromEntries(rows.map(([, name, value]) => [name, Number(value?.replaceAll(",", ""))])),
    { ...DEFAULT_LIMITS },
  );
});

test("the table of fixed bounds in docs/options.md is that of the code", () => {
  const page = readFileSync(new URL("../../docs/options.md", import.meta.url), "utf8");
  const [, section = ""] = page.split("## Fixed bounds\n");
  const rows = [...section.matchAll(/^\| ([a-z].*?) +\| +([\d,]+)( KiB)? \|/gm)];
  const told = rows.map(([, , number, unit]) =>
    Number(number!.replaceAll(",", "")) * (unit ? 1024 : 1)
  );
  assertEquals(told, [
    MAX_CALLS_IN_FLIGHT,
    MAX_ABANDONED_CALLS,
    MAX_CALLS_IN_FLIGHT,
    MAX_CALLS_IN_FLIGHT,
    STREAM_WINDOW_BYTES,
    MAX_WINDOW_BYTES,
    MAX_BATCH_BYTES,
    MAX_QUEUED_NOTIFICATIONS,
  ]);
});
