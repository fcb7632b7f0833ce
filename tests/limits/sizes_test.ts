/**
 * The largest message of each kind, and one that is larger by the least, over real sockets with the default
 * limits: one that is too large fails alone.
 */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { test } from "node:test";
import { connect as connectPage } from "../../browser.ts";
import { connect } from "../../client.ts";
import {
  bytes,
  CodecError,
  lazy,
  rpc,
  RpcError,
  type Schema,
  service,
  stream,
  struct,
  u32,
  unit,
  vec,
} from "../../mod.ts";
import { serve, type Server } from "../../server.ts";
import { deferred } from "../support/deferred.ts";
import { noise } from "../support/noise.ts";

const Sized = service({
  rpc: {
    put: rpc({ data: bytes }, u32),
    putAll: rpc({ data: stream(bytes) }, u32),
    get: rpc({ length: u32, isNoise: u32 }, bytes),
    getAll: rpc({ length: u32 }, stream(bytes)),
    ask: rpc({ length: u32 }, u32),
    tell: rpc({ length: u32 }, u32),
  },
  client: { give: rpc({ length: u32 }, bytes), take: rpc({ data: bytes }, u32) },
});

const MOST = 2_097_152;
/** Payloads: the largest, without the root and, if it does not deflate, a header of 5 bytes for each of 33 blocks. */
const NOISE = { call: 2_096_968, item: 2_096_972, answer: 2_096_960, serverCall: 2_096_956 };
const ZEROS = { call: 2_097_128, answer: 2_097_120 };

const serveSized = (): Promise<Server<unknown>> =>
  serve(
    Sized,
    { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} },
    ({ client }) => {
      return {
        put: ({ data }) => data.length,
        async putAll({ data }) {
          let length = 0;
          for await (const part of data) length += part.length;
          return length;
        },
        get: ({ length, isNoise }) => isNoise ? noise(length) : new Uint8Array(length),
        async *getAll({ length }) {
          yield noise(length);
        },
        ask: async ({ length }) => (await client.give({ length })).length,
        tell: ({ length }) => client.take({ data: noise(length) }),
      };
    },
  );

async function outcome(call: Promise<number>): Promise<number | string> {
  try {
    return await call;
  } catch (error) {
    return error instanceof RpcError ? error.code : String(error);
  }
}

const CLIENTS = [
  { name: "connect(), level 0", level: 0, isPage: false },
  { name: "connect()", level: 6, isPage: false },
  { name: "connect() of a page", level: 0, isPage: true },
  { name: "connect() of a page, level 6", level: 6, isPage: true },
] as const;

for (const { name, level, isPage } of CLIENTS) {
  const skip = isPage && !("WebSocket" in globalThis);
  test(`a message over a limit fails alone, to and from ${name}`, { skip }, async () => {
    await using server = await serveSized();
    const options = {
      level,
      reconnect: false,
      client: {
        give: ({ length }: { length: number }) => noise(length),
        take: ({ data }: { data: Uint8Array }) => data.length,
      },
    };
    const open = isPage ? connectPage : connect;
    await using client = await open(Sized, server.url, options);
    const { rpc: call } = client;
    const { client: ours, server: theirs } = {
      client: "ClientEncodeError",
      server: "ServerEncodeError",
    };
    const get = async (length: number, isNoise: number): Promise<number> =>
      (await call.get({ length, isNoise })).length;
    // A page does not wait for what its calls deflate to.
    const zeros = level === 0 || isPage ? NOISE.call : ZEROS.call;
    const rows: readonly [
      what: string,
      run: (length: number) => Promise<number>,
      most: number,
      code: string,
    ][] = [
      ["a call", (length) => call.put({ data: noise(length) }), NOISE.call, ours],
      ["a call of zeros", (length) => call.put({ data: new Uint8Array(length) }), zeros, ours],
      [
        "an item to the server",
        (length) => call.putAll({ data: [noise(length)] }),
        NOISE.item,
        ours,
      ],
      ["an answer of the client", (length) => call.ask({ length }), NOISE.item, ours],
      ["an answer", (length) => get(length, 1), NOISE.answer, theirs],
      [
        "an answer of zeros",
        (length) => get(length, 0),
        level ? ZEROS.answer : NOISE.answer,
        theirs,
      ],
      [
        "an item",
        async (length) => {
          let bytes = 0;
          for await (const part of call.getAll({ length })) bytes += part.length;
          return bytes;
        },
        NOISE.answer,
        theirs,
      ],
      ["a call of the server", (length) => call.tell({ length }), NOISE.serverCall, theirs],
    ];
    for (const [what, run, most, code] of rows) {
      assertEquals([what, await outcome(run(most))], [what, most]);
      assertEquals([what, await outcome(run(most + 1))], [what, code]);
    }
    assertEquals(client.status.state, "open");
  });
}

test("a call that streams and is over a limit fails alone, lets go of its source and frees its id", async () => {
  const Streamed = service({ rpc: { send: rpc({ head: bytes, parts: stream(u32) }, u32) } });
  await using server = await serve(
    Streamed,
    { port: 0, hostname: "127.0.0.1", tls: "plain" },
    () => ({
      async send({ head, parts }) {
        let sum = head.length;
        for await (const part of parts) sum += part;
        return sum;
      },
    }),
  );
  await using client = await connect(Streamed, server.url, { reconnect: false });
  // The first is known to be too large at once, the second when it was deflated; one more than there are ids.
  for (const length of [3_000_000, 2_097_000, ...new Array<number>(255).fill(3_000_000)]) {
    let returned = 0;
    const parts = (function* () {
      try {
        for (let i = 0; i < 1e6; i++) yield i;
      } finally {
        returned++;
      }
    })();
    const head = length > MOST ? new Uint8Array(length) : noise(length);
    assertEquals(await outcome(client.rpc.send({ head, parts })), "ClientEncodeError");
    await new Promise((resolve) => setTimeout(resolve));
    // A generator that was never asked has nothing to return.
    assertEquals(returned === 1 || parts.next().done, true);
  }
  assertEquals(await client.rpc.send({ head: new Uint8Array(2), parts: [3, 4] }), 9);
  assertEquals([client.status.state, server.stats().callsInFlight], ["open", 0]);
});

interface Tree {
  readonly kids: readonly Tree[];
}
const Tree: Schema<Tree> = struct({ kids: vec(lazy(() => Tree)) }) as unknown as Schema<Tree>;
const Answers = service({
  rpc: { units: rpc({ length: u32 }, vec(unit)), nest: rpc({ levels: u32 }, Tree), wait: rpc() },
});

const OPENERS = Object.entries({ "connect()": connect, "a page": connectPage });

const unitsOf = ({ length }: { length: number }): undefined[] =>
  new Array<undefined>(length).fill(undefined);

function nestOf({ levels }: { levels: number }): Tree {
  let tree: Tree = { kids: [] };
  for (let i = 0; i < levels; i++) tree = { kids: [tree] };
  return tree;
}

for (const [name, open] of OPENERS) {
  const skip = open === connectPage && !("WebSocket" in globalThis);
  test(`an answer over a limit of the client fails alone, of ${name}`, { skip }, async () => {
    const { promise: released, resolve: release } = deferred<void>();
    await using server = await serve(
      Answers,
      { port: 0, hostname: "127.0.0.1", tls: "plain" },
      () => ({ units: unitsOf, nest: nestOf, wait: () => released }),
    );
    // A unit counts as its slot of 8 bytes.
    const limits = { maxDecodedBytes: 8 * 100, maxDepth: 5 };
    await using client = await open(Answers, server.url, { reconnect: false, limits });
    const { rpc: call } = client;
    const waiting = call.wait();
    assertEquals((await call.units({ length: 100 })).length, 100);
    assertEquals((await call.nest({ levels: 5 })).kids.length, 1);
    for (
      const [run, code] of [
        [() => call.units({ length: 101 }), "TooLong"],
        [() => call.nest({ levels: 6 }), "TooDeep"],
      ] as const
    ) {
      const error = await assertRejects<RpcError>(run, RpcError);
      assertInstanceOf(error.cause, CodecError);
      assertEquals([error.code, error.cause.code], ["ClientDecodeError", code]);
    }
    release();
    await waiting;
    assertEquals((await call.units({ length: 100 })).length, 100);
    assertEquals(client.status.state, "open");
  });
}

const Asked = service({
  rpc: { units: rpc({ length: u32 }, u32), nest: rpc({ levels: u32 }, u32), wait: rpc() },
  client: { units: rpc({ length: u32 }, vec(unit)), nest: rpc({ levels: u32 }, Tree) },
});

for (const [name, open] of OPENERS) {
  const skip = open === connectPage && !("WebSocket" in globalThis);
  test(
    `a client's answer over a limit of the server fails alone, of ${name}`,
    { skip },
    async () => {
      const { promise: released, resolve: release } = deferred<void>();
      const limits = { maxDecodedBytes: 8 * 100, maxDepth: 5 };
      const failures: unknown[] = [];
      const failed = (error: unknown) => {
        failures.push(error);
        throw error;
      };
      await using server = await serve(
        Asked,
        { port: 0, hostname: "127.0.0.1", tls: "plain", limits },
        ({ client }) => ({
          units: async (args) => (await client.units(args).catch(failed)).length,
          nest: async (args) => (await client.nest(args).catch(failed)).kids.length,
          wait: () => released,
        }),
      );
      await using client = await open(Asked, server.url, {
        reconnect: false,
        client: { units: unitsOf, nest: nestOf },
      });
      const { rpc: call } = client;
      const waiting = call.wait();
      assertEquals([await call.units({ length: 100 }), await call.nest({ levels: 5 })], [100, 1]);
      for (const run of [() => call.units({ length: 101 }), () => call.nest({ levels: 6 })]) {
        const error = await assertRejects(run, RpcError);
        assertEquals(error.code, "ServerDecodeError");
      }
      const causes = failures.map((error) => error instanceof RpcError && error.cause);
      assertEquals(causes.map((cause) => cause instanceof CodecError && cause.code), [
        "TooLong",
        "TooDeep",
      ]);
      release();
      await waiting;
      assertEquals(await call.units({ length: 100 }), 100);
      assertEquals(client.status.state, "open");
    },
  );
}
