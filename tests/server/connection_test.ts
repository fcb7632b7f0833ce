import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { test } from "node:test";
import { CodecError, encode } from "../../codec/mod.ts";
import { TOLD_CALLS } from "../../server/call_guard.ts";
import { createCore } from "../../server/server_core.ts";
import { type ErrorContext, type HandlerFactory, rawHandler } from "../../server/mod.ts";
import { ProtocolError, RPC_HANDLER_ERRORS, RpcError } from "../../wire/errors.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import {
  call,
  Demo,
  type DemoEvent,
  type DemoMethods,
  type DemoState,
  setUp,
  turn,
} from "./support.ts";
import { deferred } from "../support/deferred.ts";

test("Connection answers in the same turn, and state goes first", async () => {
  const { core } = setUp();
  const client = await ScriptedClient.connect(core);
  client.call(7, call.add, { amount: 3 });
  assertEquals(client.take(), ["state 0=03000000", "response 7 "]);
  client.call(7, call.get);
  assertEquals(client.take(), ["response 7 03000000"]);
  client.hangUp();
  assertEquals(core.connections, 0);
});

test("Connection answers late results, and ignores a second call with a taken id", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const { promise, resolve } = deferred<number>();
  let runs = 0;
  setup.script = () => (runs++, promise);
  client.call(1, call.run, { script: "" });
  client.call(1, call.run, { script: "" });
  client.call(2, call.get);
  assertEquals([runs, client.take()], [1, ["response 2 00000000"]]);
  resolve(5);
  await turn();
  assertEquals(client.take(), ["response 1 05000000"]);
  client.call(1, call.get);
  assertEquals(client.take(), ["response 1 00000000"]);
  client.hangUp();
});

test("Connection keeps 256 calls in flight", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const resolves: ((value: number) => void)[] = [];
  setup.script = () => new Promise((resolve) => resolves.push(resolve));
  for (let id = 0; id < 256; id++) client.call(id, call.run, { script: "" });
  assertEquals(resolves.length, 256);
  resolves.forEach((resolve, id) => resolve(id));
  await turn();
  assertEquals(client.take().length, 256);
  client.hangUp();
});

test("Connection answers HandlerPanicked for what a handler throws, and keeps the words to itself", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  for (
    const script of [
      () => {
        setup.contexts[0]!.state.counter = 999;
        throw new Error("secret");
      },
      () => Promise.reject(new Error("secret")),
      () => {
        throw undefined;
      },
      () => ({
        then() {
          throw new Error("secret");
        },
      } as unknown as Promise<number>),
    ]
  ) {
    setup.script = script;
    client.call(1, call.run, { script: "" });
    await turn();
  }
  assertEquals(client.take(), [
    "state 0=e7030000",
    ...new Array(4).fill("error 1 HandlerPanicked"),
  ]);
  assertEquals(setup.errors.map(({ context }) => context.where), new Array(4).fill("run"));
  assertEquals(client.closedWith, undefined);
  client.hangUp();
});

test("Connection tells of so many failed calls and of the number of the rest", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const other = await ScriptedClient.connect(setup.core);
  setup.script = () => {
    throw new Error("no");
  };
  const fail = (from: ScriptedClient, times: number): (number | undefined)[] => {
    for (let i = 0; i < times; i++) from.call(1, call.run, { script: "" });
    assertEquals(from.take(), new Array(times).fill("error 1 HandlerPanicked"));
    return setup.errors.splice(0).map(({ context }) => context.untold);
  };
  const { burst, perSecond } = TOLD_CALLS;
  assertEquals(fail(client, burst + 100), new Array(burst).fill(undefined));
  // The next one that is told has the number, whatever connection it is on.
  assertEquals(fail(other, 1), [100]);
  setup.clock.advance(2000 / perSecond);
  assertEquals(fail(client, 5), [undefined, undefined]);
  assertEquals(fail(other, 1), [3]);
  client.hangUp();
  other.hangUp();
});

test("Connection sends an RpcError's code as it is, if it is one of the wire's", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  for (const code of [...RPC_HANDLER_ERRORS, "Cancelled"] as const) {
    setup.script = () => {
      throw new RpcError(code, "");
    };
    client.call(1, call.run, { script: "" });
  }
  assertEquals(
    client.take(),
    [...RPC_HANDLER_ERRORS, "HandlerPanicked"].map((code) => `error 1 ${code}`),
  );
  assertEquals(setup.errors.length, 1);
  client.hangUp();
});

test("Connection answers ServerDecodeError for a call it cannot decode, and goes on", async () => {
  const { core, errors } = setUp();
  const client = await ScriptedClient.connect(core);
  client.rawCall(1, new Uint8Array(0));
  client.rawCall(2, Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  client.rawCall(3, Uint8Array.of(1));
  assertEquals(client.take(), [1, 2, 3].map((id) => `error ${id} ServerDecodeError`));
  client.call(1, call.get);
  assertEquals([client.take(), errors.length], [["response 1 00000000"], 2]);
  client.hangUp();
});

test("Connection tells onError of calls it cannot decode: method, path, expected and got", async () => {
  const { core, errors } = setUp();
  const client = await ScriptedClient.connect(core);
  // The method `run`, whose text points before the archive.
  const bad = encode(call.run, { script: "much longer than what is stored inline" });
  bad.fill(0xff, bad.length - 4);
  client.rawCall(1, bad);
  const [{ error, context }] = errors.splice(0) as [{ error: unknown; context: ErrorContext }];
  assertInstanceOf(error, CodecError);
  assertEquals([context.where, context.method, context.untold], ["run", "run", undefined]);
  assertEquals(error.path, "script");
  assert(/^Cannot decode script: expected .+ at byte 44/.test(error.message), error.message);
  client.rawCall(1, Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  const [unknown] = errors.splice(0);
  assertEquals([unknown?.context.where, unknown?.context.method], ["call", undefined]);
  assertEquals(
    (unknown?.error as Error).message,
    "Cannot decode the call: expected a method below 5, got 99",
  );
  client.hangUp();
});

test("Connection tells ever fewer of calls it cannot decode, and anew after a quiet minute", async () => {
  const { core, errors, clock } = setUp();
  const client = await ScriptedClient.connect(core);
  for (let i = 1; i <= 32; i++) client.rawCall(1, Uint8Array.of(1));
  assertEquals(
    errors.splice(0).map(({ context }) => context.untold),
    [undefined, undefined, 1, 3, 7, 15],
  );
  clock.advance(60_001);
  client.rawCall(1, Uint8Array.of(1));
  assertEquals(errors.length, 1);
  client.hangUp();
});

test("Connection answers ServerEncodeError for an output that is none, and says where", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  for (const output of ["5", 2 ** 32, undefined]) {
    setup.script = () => output as number;
    client.call(1, call.run, { script: "" });
  }
  assertEquals(client.take(), new Array(3).fill("error 1 ServerEncodeError"));
  assert(
    setup.errors.every(({ error }) => error instanceof CodecError && error.code === "BadValue"),
  );
  assertEquals(setup.errors[0]!.context.where, "run");
  client.hangUp();
});

test("Connection fails the call that assigns what does not fit, and no other", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const { state } = setup.contexts[0]!;
  setup.script = () => (state.counter = -1, 0);
  client.call(1, call.run, { script: "" });
  client.call(2, call.add, { amount: 3 });
  client.call(3, call.get);
  assertEquals(client.take(), [
    "error 1 HandlerPanicked",
    "state 0=03000000",
    "response 2 ",
    "response 3 03000000",
  ]);
  assertEquals(setup.errors.length, 1);
  assertInstanceOf(setup.errors[0]!.error, CodecError);
  assertEquals(setup.errors[0]!.error.path, "state.counter");
  client.hangUp();
});

test("Connection fails one call for a field that does not encode, and sends the rest of the state", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const { state, connection } = setup.contexts[0]!;
  setup.script = () => {
    state.counter = 1;
    state.names = ["a", 5 as unknown as string];
    return 0;
  };
  client.call(1, call.run, { script: "" });
  assertEquals(client.take(), ["state 0=01000000", "error 1 HandlerPanicked"]);
  const { error } = setup.errors[0]!;
  assertInstanceOf(error, CodecError);
  assertEquals(error.path, "state.names[1]");
  client.call(2, call.add, { amount: 1 });
  connection.sync();
  assertEquals(client.take(), ["state 0=02000000", "response 2 "]);
  assertEquals(setup.errors.length, 1);
  state.names.pop();
  connection.sync();
  assertEquals(client.take().map((message) => message.slice(0, 8)), ["state 1="]);
  client.hangUp();
});

test("Connection closes a peer that breaks the protocol, or ignores it as Rust does", async () => {
  for (const onProtocolError of ["close", "ignore"] as const) {
    const { core, errors } = setUp({ onProtocolError });
    const client = await ScriptedClient.connect(core);
    client.bytes(Uint8Array.of(1, 2, 3));
    client.bytes(Uint8Array.of(1, 1, 0, 0xfe, 0xff, 9));
    const ignored = onProtocolError === "ignore";
    assertEquals(client.closedWith?.code, ignored ? undefined : 4002);
    assertEquals(errors.length, ignored ? 2 : 1);
    assert(errors.every(({ error }) => error instanceof ProtocolError));
    assertEquals(core.connections, ignored ? 1 : 0);
    client.hangUp();
  }
});

test("Connection drops late messages, and notifies its handler of its end", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const { signal, subscriptions, state, connection } = setup.contexts[0]!;
  const { promise, resolve } = deferred<number>();
  setup.script = () => promise;
  client.call(1, call.run, { script: "" });
  assertEquals(signal.aborted, false);
  client.hangUp();
  assertEquals([signal.aborted, setup.contexts[0]!.signal.aborted], [true, true]);
  resolve(1);
  await turn();
  subscriptions.add("late");
  state.counter = 5;
  connection.sync();
  client.call(2, call.get);
  assertEquals([client.take(), subscriptions.size, setup.errors], [[], 0, []]);
});

test("connection.sync() sends what changed outside a call, kept references included", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const { state, connection } = setup.contexts[0]!;
  const { ages } = state;
  client.call(1, call.nothing);
  client.take();
  ages.set("a", 1);
  state.counter = 4;
  connection.sync();
  connection.sync();
  const received = client.take();
  assertEquals(received.length, 1);
  assertEquals(received[0]!.startsWith("state 0=04000000 2="), true);
  client.hangUp();
});

test("Connection sends what a late call changed inside a value that it read early", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const { state } = setup.contexts[0]!;
  const { promise, resolve } = deferred<void>();
  setup.script = async () => {
    const { ages } = state;
    await promise;
    ages.set("b", 2);
    return 0;
  };
  client.call(1, call.run, { script: "" });
  client.call(2, call.add, { amount: 1 });
  assertEquals(client.take(), ["state 0=01000000", "response 2 "]);
  resolve();
  await turn();
  const [update, response] = client.take();
  assertEquals([update?.slice(0, 8), response], ["state 2=", "response 1 00000000"]);
  client.hangUp();
});

test("connection.close() ends it with the handler's code", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  setup.contexts[0]!.connection.close(4123, "enough");
  assertEquals(client.closedWith, { code: 4123, reason: "enough" });
  assertEquals(setup.core.connections, 0);
});

test("connection.close() rejects an invalid code, and stays open", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core);
  const { connection } = setup.contexts[0]!;
  const codes: readonly unknown[] = [
    ...[0, 99, 999, 1001, 1005, 1006, 2999, 5000, 70_000, -1, 3000.5, NaN, Infinity],
    "4000",
    null,
  ];
  for (const code of codes) assertThrows(() => connection.close(code as number), RangeError);
  assertEquals(client.closedWith, undefined);
  connection.close(3000);
  assertEquals(client.closedWith, { code: 3000, reason: "" });
  assertThrows(() => connection.close(5000), RangeError);
});

test("Connection terminates a peer that does not answer the close", async () => {
  const setup = setUp({ limits: { closeTimeoutMs: 5000 } });
  const client = await ScriptedClient.connect(setup.core);
  client.answersClose = false;
  setup.contexts[0]!.connection.close();
  setup.clock.advance(4999);
  assertEquals([setup.core.connections, client.terminated], [1, 0]);
  setup.clock.advance(1);
  assertEquals([setup.core.connections, client.terminated], [0, 1]);
  assertEquals(setup.clock.pending, 0);
});

test("Connection closes a peer that does not read, and leaves a slow one alone", async () => {
  for (const reads of [false, true]) {
    const setup = setUp({ limits: { maxBufferedBytes: 100, closeTimeoutMs: 5000 } });
    const client = await ScriptedClient.connect(setup.core);
    client.bufferedAmount = 150;
    for (let i = 0; i < 10; i++) client.call(1, call.get);
    assertEquals(client.closedWith, undefined);
    if (reads) client.bufferedAmount = 0;
    setup.clock.advance(4999);
    assertEquals(client.closedWith, undefined);
    // Bytes accepted while it was being watched count as progress, once.
    setup.clock.advance(5001);
    assertEquals(client.closedWith?.code, reads ? undefined : 4008);
    client.hangUp();
    assertEquals(setup.clock.pending, 0);
  }
  const setup = setUp({ limits: { maxBufferedBytes: 100 } });
  const client = await ScriptedClient.connect(setup.core);
  client.bufferedAmount = 201;
  for (let i = 0; i < 4; i++) client.call(1, call.get);
  assertEquals(client.closedWith?.code, 4008);
});

test("a handler that cannot be made closes the connection, not the server", async () => {
  type Factory = HandlerFactory<DemoMethods, DemoState, DemoEvent, undefined>;
  const broken: readonly Factory[] = [
    () => {
      throw new Error("no");
    },
    (() => undefined) as unknown as Factory,
    (() => ({ nothing() {} })) as unknown as Factory,
  ];
  for (const factory of broken) {
    const errors: unknown[] = [];
    const core = createCore(
      Demo,
      { onError: (error) => errors.push(error) },
      factory,
      testDeflater,
    );
    const client = await ScriptedClient.connect(core);
    assertEquals([client.closedWith?.code, errors.length], [4011, 1]);
    client.call(1, call.get);
    assertEquals(client.take(), []);
    client.hangUp();
    assertEquals(core.connections, 0);
  }
});

test("a handler may be an object of a class", async () => {
  class Handler {
    #count = 40;
    nothing() {}
    add() {}
    get() {
      return this.#count;
    }
    run() {
      return 0;
    }
    big() {
      return new Uint8Array(0);
    }
  }
  const core = createCore(Demo, {}, () => new Handler(), testDeflater);
  const client = await ScriptedClient.connect(core);
  client.call(1, call.get);
  assertEquals(client.take(), ["response 1 28000000"]);
  client.hangUp();
});

test("rawHandler() is given the call's bytes, and answers with bytes", async () => {
  const kept: Uint8Array[] = [];
  const raw = rawHandler<DemoState, DemoEvent, undefined>((bytes, { state }) => {
    kept.push(bytes);
    state.counter = bytes.length;
    if (bytes[0] === 9) return "no" as unknown as Uint8Array;
    return bytes[0] === 1 ? Promise.resolve(bytes) : bytes;
  });
  const core = createCore(Demo, {}, raw, testDeflater);
  const client = await ScriptedClient.connect(core);
  client.rawCall(1, Uint8Array.of(1, 2));
  client.rawCall(2, Uint8Array.of(7));
  client.rawCall(3, Uint8Array.of(9));
  await turn();
  assertEquals(client.take(), [
    "state 0=01000000",
    "response 2 07",
    "error 3 ServerEncodeError",
    "response 1 0102",
  ]);
  assertEquals([...kept[0]!], [1, 2]);
  client.hangUp();
});

test("Connection skips an event that its client does not take, says so ever less often, and goes on", async () => {
  const setup = setUp();
  const hl = (query: string) => upgradeRequest({}, `/?hl-max=${query}`);
  const small = await ScriptedClient.connect(setup.core, hl("1000.300"));
  const narrow = await ScriptedClient.connect(setup.core, hl("256.100000"));
  const large = await ScriptedClient.connect(setup.core, hl("100000.100000"));
  for (const { subscriptions } of setup.contexts) subscriptions.add("a");
  const emitRaw = (length: number) =>
    setup.core.events.emitRaw("a", crypto.getRandomValues(new Uint8Array(length)));
  for (let i = 0; i < 5; i++) emitRaw(400);
  setup.core.events.emit("a", { type: "quiet" });
  const taken = [small, narrow, large].map((client) => client.take().length);
  assertEquals(taken, [1, 1, 6]);
  // The 1st, the 2nd, the 4th and the 8th, of both clients together.
  assertEquals(setup.errors.map(({ context }) => context.where), new Array(4).fill("event"));
  assertEquals(new Set(setup.errors.map(({ context }) => context.connection)), new Set([1, 2]));
  const { eventsDelivered, eventsTooBig } = setup.core.stats();
  assertEquals([eventsDelivered, eventsTooBig], [18, 10]);
  for (const client of [small, narrow, large]) {
    client.call(1, call.get);
    assertEquals([client.take().length, client.closedWith], [1, undefined]);
    client.hangUp();
  }
});

test("Connection names the connection and the field of a state change that is too big", async () => {
  const setup = setUp();
  const client = await ScriptedClient.connect(setup.core, upgradeRequest({}, "/?hl-max=256.1000"));
  const { state } = setup.contexts[0]!;
  setup.script = () => {
    state.counter = 1;
    state.names = ["x".repeat(2000)];
    return 0;
  };
  client.call(1, call.run, { script: "" });
  assertEquals(client.closedWith?.code, 4009);
  assertEquals(client.closedWith?.reason.endsWith(": state.names"), true);
  assertEquals(client.take(), []);
  assertEquals(setup.errors.map(({ context }) => context.where), ["state"]);
  const { error } = setup.errors[0]!;
  assertInstanceOf(error, RangeError);
  assertEquals(error.message.includes("state.names"), true);
  assertEquals([setup.core.connections, setup.clock.pending], [0, 0]);
});

test("Connection fails one call for an answer that would fill the whole queue, and goes on", async () => {
  const setup = setUp({ limits: { maxBufferedBytes: 400 } });
  const client = await ScriptedClient.connect(setup.core);
  setup.script = () => 0;
  client.call(1, call.big);
  client.call(2, call.get);
  assertEquals(client.take(), ["error 1 ServerEncodeError", "response 2 00000000"]);
  assertEquals([client.closedWith, setup.errors.map(({ context }) => context.where)], [
    undefined,
    ["big"],
  ]);
  client.hangUp();
});
