/**
 * Limits that are met over real sockets, by `serve()` and `connect()` of this runtime. All of them, with
 * a clock that is wound by hand, are in `table_test.ts`.
 */
import { interpret } from "../../codec/archive.ts";
import { MAX_QUEUED_CALLS } from "../../client/parts.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import net from "node:net";
import { test } from "node:test";
import { connect, type ConnectOptions } from "../../client.ts";
import { encode } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { STORED_HEADER_BYTES } from "../../deflate/stored.ts";
import {
  bytes,
  CloseCode,
  ConnectError,
  lazy,
  type MethodsOf,
  type ProtocolError,
  rpc,
  RpcError,
  type Schema,
  service,
  type StateOf,
  string,
  struct,
  u32,
  unit,
  vec,
} from "../../mod.ts";
import { MAX_QUEUED_NOTIFICATIONS, serve, type ServerOptions } from "../../server.ts";
import { MAX_ABANDONED_CALLS, MAX_CALLS_IN_FLIGHT } from "../../wire/page_limits.ts";
import { writeRequest } from "../../wire/client_message_writer.ts";
import { deferred } from "../support/deferred.ts";
import { noise } from "../support/noise.ts";
import { until } from "../support/until.ts";

/** The outcome of using an amount of a resource: an output, an error's code, a close code. */
type Outcome = number | string;

/** One limit. */
interface Row {
  /** Its value, where it can be set; else the fixed one. */
  readonly limit: number;
  /** A refused amount. Default: one more. */
  readonly beyond?: number;
  /** The outcomes of an allowed and of a refused amount. */
  readonly expected: readonly [within: Outcome, beyond: Outcome];
  /** Use so much with the limit set. */
  run(limit: number, used: number): Promise<Outcome>;
}

interface Tree {
  readonly kids: readonly Tree[];
}
const Tree: Schema<Tree> = struct({ kids: vec(lazy(() => Tree)) }) as unknown as Schema<Tree>;

const Bounded = service({
  rpc: {
    put: rpc({ data: bytes }, u32),
    nest: rpc({ tree: Tree }, u32),
    list: rpc({ items: vec(unit) }, u32),
    subscribe: rpc({ topics: u32 }, string),
    emit: rpc({ events: u32 }),
    wait: rpc(),
  },
  event: u32,
});

type Options = ConnectOptions<MethodsOf<typeof Bounded>, StateOf<typeof Bounded>>;

/** The client's view, and the server's close of the connection. */
interface Both {
  readonly server: Awaited<ReturnType<typeof start>>;
  readonly client: Awaited<ReturnType<typeof join>>;
  /** Close codes, as the server reports them. */
  readonly closes: number[];
  /** Let the calls of `wait` be answered. */
  readonly release: () => void;
}

function start(
  options: ServerOptions<unknown>,
  closes: number[],
  released: Promise<void>,
) {
  return serve(
    Bounded,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      onError() {},
      onTrace(trace) {
        if (trace.type === "closed") closes.push(trace.code);
      },
      ...options,
    },
    ({ subscriptions, events }) => ({
      put: ({ data }) => data.length,
      nest: () => 1,
      list: ({ items }) => items.length,
      subscribe({ topics }) {
        try {
          for (let i = 0; i < topics; i++) subscriptions.add(`topic ${i}`);
          return "added";
        } catch (error) {
          return (error as Error).name;
        }
      },
      emit({ events: count }) {
        for (let i = 0; i < count; i++) events.emit("topic 0", i);
      },
      wait: () => released,
    }),
  );
}

function join(port: number, options: Options) {
  return connect(Bounded, `ws://127.0.0.1:${port}`, { level: 0, reconnect: false, ...options });
}

async function withBoth(
  options: ServerOptions<unknown>,
  clientOptions: Options,
  use: (both: Both) => Promise<Outcome>,
): Promise<Outcome> {
  const closes: number[] = [];
  const { promise: released, resolve: release } = deferred<void>();
  const server = await start(options, closes, released);
  const client = await join(server.port, clientOptions);
  try {
    return await use({ server, client, closes, release });
  } finally {
    release();
    await client.close();
    await server.close({ deadlineMs: 0 });
  }
}

/** A client of a server without the extension, as of an older release. */
async function withOlder(use: (client: Both["client"]) => Promise<Outcome>): Promise<Outcome> {
  const sockets = new Set<net.Socket>();
  const { promise: released, resolve: release } = deferred<void>();
  const server = await start({}, [], released);
  const relay = net.createServer((near) => {
    const far = net.connect({ host: "127.0.0.1", port: server.port });
    near.once("data", (chunk: Uint8Array) => {
      far.write(new TextDecoder().decode(chunk).replace("hl-x=", "not-x="));
      near.pipe(far).pipe(near);
    });
    for (const socket of [near, far]) sockets.add(socket.on("error", () => {}));
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const client = await join((relay.address() as net.AddressInfo).port, {});
  try {
    return await use(client);
  } finally {
    release();
    await client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => relay.close(resolve));
    await server.close({ deadlineMs: 0 });
  }
}

/** The output, or the error's code. */
async function outcomeOf(call: Promise<Outcome>): Promise<Outcome> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RpcError || error instanceof ConnectError) return error.code;
    throw error;
  }
}

/** The server's close code if the client loses the connection. */
async function closeOf({ closes }: Both, call: Promise<Outcome>): Promise<Outcome> {
  const outcome = await outcomeOf(call);
  if (outcome !== "ConnectionLost") return outcome;
  await until(() => closes.length !== 0);
  return `close ${closes[0]}`;
}

const PUT = Bounded.methods[0]!.call;

/** Bytes of the archive of a call of `put` with so much data. */
function requestBytes(length: number): number {
  const writer = new Writer();
  writeRequest(interpret, writer, 0, PUT, { data: new Uint8Array(length) });
  return writer.position;
}

/** A message's bytes grow by four for four of data. */
const DATA = 4000;
const INFLATED_BYTES = requestBytes(DATA);
const MESSAGE_BYTES = INFLATED_BYTES + STORED_HEADER_BYTES;
const TOO_BIG = `close ${CloseCode.TooBig}`;

function nested(levels: number): Tree {
  let tree: Tree = { kids: [] };
  for (let i = 0; i < levels; i++) tree = { kids: [tree] };
  return tree;
}

/** Set a field that makes a message of `used` bytes, if `DATA` reaches the limit exactly. */
function put(name: "maxMessageBytes" | "maxInflatedBytes"): Row["run"] {
  return (limit, used) =>
    withBoth(
      { limits: { [name]: limit } },
      {},
      (both) => closeOf(both, both.client.rpc.put({ data: new Uint8Array(DATA + used - limit) })),
    );
}

const calls = (count: number, { client }: Both): Promise<Outcome>[] =>
  Array.from({ length: count }, () => outcomeOf(client.rpc.wait().then(() => "answered")));

const ROWS: Readonly<Record<string, Row>> = {
  maxMessageBytes: {
    limit: MESSAGE_BYTES,
    beyond: MESSAGE_BYTES + 4,
    expected: [DATA, TOO_BIG],
    run: put("maxMessageBytes"),
  },
  maxInflatedBytes: {
    limit: INFLATED_BYTES,
    beyond: INFLATED_BYTES + 4,
    expected: [DATA, TOO_BIG],
    run: put("maxInflatedBytes"),
  },
  maxDepth: {
    limit: 7,
    expected: [1, "ServerDecodeError"],
    run: (maxDepth, levels) =>
      withBoth(
        { limits: { maxDepth } },
        {},
        ({ client }) => outcomeOf(client.rpc.nest({ tree: nested(levels) })),
      ),
  },
  maxDecodedBytes: {
    // A slot of 8 bytes for each.
    limit: 800,
    beyond: 808,
    expected: [100, "ServerDecodeError"],
    run: (maxDecodedBytes, used) =>
      withBoth(
        { limits: { maxDecodedBytes } },
        {},
        ({ client }) =>
          outcomeOf(
            client.rpc.list({ items: Array.from({ length: used / 8 }, () => undefined) }),
          ),
      ),
  },
  maxSubscriptions: {
    limit: 3,
    expected: ["added", "RangeError"],
    run: (maxSubscriptions, topics) =>
      withBoth(
        { limits: { maxSubscriptions } },
        {},
        ({ client }) => client.rpc.subscribe({ topics }),
      ),
  },
  maxQueuedEvents: {
    limit: 5,
    expected: ["0 dropped", "1 dropped"],
    run: (maxQueuedEvents, events) =>
      withBoth({}, { limits: { maxQueuedEvents } }, async ({ client }) => {
        const stream = client.events();
        await client.rpc.subscribe({ topics: 1 });
        // Events emitted in a call arrive before its answer.
        await client.rpc.emit({ events });
        return `${stream.dropped} dropped`;
      }),
  },
  maxConnections: {
    limit: 2,
    expected: ["open", "TooBusy"],
    run: (maxConnections, connections) =>
      withBoth({ limits: { maxConnections } }, {}, async ({ server }) => {
        let outcome: Outcome = "open";
        const clients: Both["client"][] = [];
        for (let i = 1; i < connections; i++) {
          outcome = await outcomeOf(
            join(server.port, {}).then((client) => {
              clients.push(client);
              return "open";
            }),
          );
        }
        await Promise.all(clients.map((client) => client.close()));
        return outcome;
      }),
  },
  MAX_CALLS_IN_FLIGHT: {
    limit: MAX_CALLS_IN_FLIGHT,
    expected: ["answered", "TooManyCallsInFlight"],
    run: (_, count) =>
      withBoth({}, {}, async (both) => {
        const outcomes = calls(count, both);
        setTimeout(both.release, 20);
        return (await Promise.all(outcomes)).at(-1)!;
      }),
  },
  MAX_QUEUED_CALLS: {
    limit: MAX_QUEUED_CALLS,
    expected: ["answered", "TooManyCallsInFlight"],
    run: (_, queued) =>
      withBoth({}, { whenFull: "wait" }, async (both) => {
        const outcomes = calls(MAX_CALLS_IN_FLIGHT + queued, both);
        setTimeout(both.release, 20);
        return (await Promise.all(outcomes)).at(-1)!;
      }),
  },
  MAX_ABANDONED_CALLS: {
    limit: MAX_ABANDONED_CALLS,
    expected: ["open", "closed"],
    // Where both know Cancel nothing is abandoned.
    run: (_, count) =>
      withOlder(async (client) => {
        const controller = new AbortController();
        const given = Array.from(
          { length: count },
          () => outcomeOf(client.rpc.wait({}, { signal: controller.signal }).then(() => "")),
        );
        controller.abort();
        await Promise.all(given);
        await new Promise((resolve) => setTimeout(resolve, 0));
        return client.status.state;
      }),
  },
  MAX_QUEUED_NOTIFICATIONS: {
    limit: MAX_QUEUED_NOTIFICATIONS,
    expected: ["0 dropped", "1 dropped"],
    run: (_, topics) =>
      withBoth({ limits: { maxSubscriptions: topics } }, {}, async ({ client, server }) => {
        const notifications = server.topicNotifications();
        await client.rpc.subscribe({ topics });
        return `${notifications.dropped} dropped`;
      }),
  },
  callRate: {
    limit: 4,
    expected: [4, "TooManyCallsInFlight"],
    // So slow that no token is added while this runs.
    run: (burst, count) =>
      withBoth({ callRate: { perSecond: 1e-6, burst } }, {}, async ({ client }) => {
        let outcome: Outcome = "";
        for (let i = 1; i <= count; i++) {
          outcome = await outcomeOf(client.rpc.put({ data: new Uint8Array(i) }));
        }
        return outcome;
      }),
  },
};

for (const [name, { limit, beyond = limit + 1, expected, run }] of Object.entries(ROWS)) {
  test(`${name} allows ${limit} over sockets, and not ${beyond}`, async () => {
    assertEquals([await run(limit, limit), await run(limit, beyond)], [...expected]);
  });
}

const Echo = service({ rpc: { get: rpc({ length: u32 }, bytes) } });

test("a client with maxMessageBytes takes n bytes from a socket, and is not sent n + 1", async () => {
  const length = 4000;
  await using server = await serve(
    Echo,
    { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} },
    () => ({ get: ({ length }) => new Uint8Array(length) }),
  );
  const get = async (limits: { readonly maxMessageBytes: number }): Promise<number | string> => {
    await using client = await connect(Echo, server.url, { level: 0, reconnect: false, limits });
    return await client.rpc.get({ length }).then(
      (data) => data.length,
      (error: RpcError) => error.code,
    );
  };
  const size = encode(bytes, new Uint8Array(length)).length;
  const outcomes: (number | string)[] = [];
  for (let n = size + 20; n <= size + 60; n++) {
    const outcome = await get({ maxMessageBytes: n });
    if (outcomes.at(-1) !== outcome) outcomes.push(outcome);
  }
  assertEquals(outcomes, ["ServerEncodeError", length]);
});

const Mirror = service({ rpc: { echo: rpc({ data: bytes }, bytes) } });

test("1 MiB of noise passes both ways at the defaults, and a larger message names the limit", async () => {
  const errors: unknown[] = [];
  await using server = await serve(
    Mirror,
    { port: 0, hostname: "127.0.0.1", tls: "plain", onError: (error) => errors.push(error) },
    () => ({ echo: ({ data }) => data }),
  );
  const ends: unknown[] = [];
  await using client = await connect(Mirror, server.url, {
    limits: { maxMessageBytes: 8 << 20, maxInflatedBytes: 8 << 20 },
    reconnect: false,
    onError: (error) => ends.push(error),
  });
  const data = noise(1 << 20);
  const echoed = await client.rpc.echo({ data });
  assertEquals(echoed.length, data.length);
  assertEquals(echoed.every((byte, i) => byte === data[i]), true);
  assertEquals(errors, []);
  const error = await client.rpc.echo({ data: noise(3 << 20) }).catch((error) => error);
  assertEquals(error.code, "ConnectionLost");
  // Bun closes with its own reason.
  if (!("Bun" in globalThis)) {
    assertStringIncludes(String(error.cause), "4009");
    assertStringIncludes(String(ends[0]), "maxMessageBytes, 2097152 bytes");
  }
  assertEquals(errors.map((each) => (each as ProtocolError).code), ["TooBig"]);
  assertStringIncludes(String(errors[0]), "maxMessageBytes, 2097152 bytes");
});
