import { interpret } from "../../codec/archive.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { createEventHub, type EventHub } from "../../client/events.ts";
import { startCalls } from "../../client/calls.ts";
import { startPageCalls } from "../../client/page_calls.ts";
import type { StartCalls } from "../../client/parts.ts";
import { makeCalls } from "../../client/client.ts";
import { mayWait } from "../../client/extras.ts";
import { openSession } from "../../client/session.ts";
import { onAbort } from "../../wire/signals.ts";
import { mirrorState, type StateMirror } from "../../client/state_mirror.ts";
import { NO_COUNTS } from "../../client/types.ts";
import { CodecError, encode, type Schema, string, u32, u8 } from "../../codec/mod.ts";
import type { MethodInfo } from "../../service/types.ts";
import { type CallOptions, rpc, service } from "../../service/mod.ts";
import { timersOf } from "../../wire/clock.ts";
import { ProtocolError, RPC_HANDLER_ERRORS, RpcError } from "../../wire/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../../wire/limits.ts";
import { fillInLimits } from "../../wire/option_kinds.ts";
import { unframeBy } from "../../wire/receiver.ts";
import { Topic } from "../../wire/topic.ts";
import { storedFraming } from "../../runtime/browser.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { codeOf } from "../support/codes.ts";

const Counter = service({
  rpc: { add: rpc({ amount: u32 }, u32), name: rpc({ name: string }), get: rpc({}, u32) },
  state: { counter: u32, label: string },
  event: u32,
});
const [ADD, NAME] = Counter.methods as readonly [MethodInfo, MethodInfo];
const COUNTER = u32 as Schema<unknown>;
const LABEL = string as Schema<unknown>;

function setup(
  options: { whenFull?: "fail" | "wait"; limits?: Partial<Limits>; peer?: FakePeer } = {},
  extension: 0 | 1 = 0,
) {
  const { whenFull = "fail", peer = new FakePeer() } = options;
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const counters = { ...NO_COUNTS };
  const limits = fillInLimits(options.limits, DEFAULT_LIMITS);
  const events = createEventHub<number>(limits, (error) => errors.push(error), onAbort);
  const state = mirrorState<{ counter: number; label: string }>(
    Counter.state,
    { ...timersOf(clock), onAbort },
    (error) => {
      throw error;
    },
  );
  const session = openSession(peer, {
    startCalls: core,
    framing: { ...storedFraming, unframe: unframeBy(testDeflater) },
    codec: interpret,
    level: 6,
    limits,
    whenFull,
    mayWait: whenFull === "wait" ? mayWait(limits.maxBufferedBytes) : undefined,
    clock,
    ...timersOf(clock),
    onAbort,
    event: Counter.event as Schema<unknown>,
    events: events as unknown as EventHub<unknown>,
    state: state as StateMirror<unknown>,
    counters,
    report: (error) => errors.push(error),
  }, extension);
  peer.extended = extension === 1;
  peer.attach(session);
  const add = (amount: number, callOptions?: CallOptions): Promise<unknown> =>
    session.calls.call(ADD, { amount }, callOptions);
  return { clock, counters, errors, events, state, session, peer, add };
}

/** Either way to make calls: that of Deno, Bun and Node, and that of pages. */
const CORES: Readonly<Record<string, StartCalls>> = {
  "": startCalls(testDeflater),
  " in a page": startPageCalls,
};
let core = CORES[""]!;

/** A test with each of them. */
function each(name: string, run: () => void | Promise<void>): void {
  for (const [where, start] of Object.entries(CORES)) {
    test(`${name}${where}`, async () => {
      core = start;
      await run();
    });
  }
}

/** Deadlines count from the end of the turn that a call was made in. */
function endOfTurn(): Promise<void> {
  return Promise.resolve();
}

each("Session.call() sends the arguments and resolves with the output", async () => {
  const { session, peer, add, clock } = setup();
  const [a, b] = [add(1), add(2)];
  assertEquals(peer.argsOf(0, ADD), { amount: 1 });
  assertEquals(peer.argsOf(1, ADD), { amount: 2 });
  peer.reply(peer.requests[1]!.id, u32, 20);
  peer.reply(peer.requests[0]!.id, u32, 10);
  assertEquals([await a, await b], [10, 20]);
  assertEquals(session.calls.pending, 0);
  session.end(new Error("done"));
  assertEquals(clock.pending, 0);
});

for (const code of RPC_HANDLER_ERRORS) {
  each(`Session.call() rejects with the server's ${code}`, async () => {
    const { peer, add } = setup();
    const call = add(1);
    peer.replyError(peer.requests[0]!.id, code);
    assertEquals(await codeOf(call), code);
  });
}

const BAD_ARGS: readonly (readonly [args: unknown, where: string])[] = [
  [{ amount: -1 }, " amount"],
  [{ amount: "1" }, " amount"],
  [{}, " amount"],
  [null, ""],
];
for (const [args, where] of BAD_ARGS) {
  each(`Session.call() refuses ${JSON.stringify(args)} and sends nothing`, async () => {
    const { session, peer, add } = setup();
    const error = await assertRejects(() => session.calls.call(ADD, args), RpcError);
    assertEquals(error.code, "ClientEncodeError");
    assertInstanceOf(error.cause, CodecError);
    const start = `Cannot call add: Cannot encode${where}: expected `;
    assertEquals(error.message.slice(0, start.length), start);
    assertEquals([peer.requests.length, session.calls.pending], [0, 0]);
    const next = add(1);
    peer.reply(peer.requests[0]!.id, u32, 1);
    assertEquals(await next, 1);
  });
}

each("Session.call() refuses a message over maxInflatedBytes and sends nothing", async () => {
  const { session, peer } = setup({ limits: { maxInflatedBytes: 1000 } });
  assertEquals(
    await codeOf(session.calls.call(NAME, { name: "x".repeat(1000) })),
    "ClientEncodeError",
  );
  assertEquals([peer.requests.length, session.calls.pending], [0, 0]);
});

each("Session.call() refuses calls while maxBufferedBytes wait to be sent", async () => {
  const { peer, add } = setup({ limits: { maxBufferedBytes: 1000 } });
  peer.bufferedAmount = 1001;
  assertEquals(await codeOf(add(1)), "TooManyCallsInFlight");
  peer.bufferedAmount = 1000;
  void add(1).catch(() => {});
  assertEquals(peer.requests.length, 1);
});

for (const timeoutMs of [0, -1, NaN]) {
  each(`Session.call() refuses timeoutMs ${timeoutMs}`, async () => {
    const { add, peer } = setup();
    await assertRejects(() => add(1, { timeoutMs }), RangeError);
    assertEquals(peer.requests.length, 0);
  });
}

each("Session.call() sends nothing if the signal has aborted", async () => {
  const { session, add, peer } = setup();
  assertEquals(await codeOf(add(1, { signal: AbortSignal.abort() })), "Cancelled");
  assertEquals([peer.requests.length, session.calls.pending], [0, 0]);
});

each("Session.call() fails the 257th call and goes on when an id is free", async () => {
  const { session, add, peer } = setup();
  const calls = Array.from({ length: 256 }, (_, i) => add(i));
  assertEquals(new Set(peer.requests.map(({ id }) => id)).size, 256);
  assertEquals(await codeOf(add(256)), "TooManyCallsInFlight");
  assertEquals(peer.requests.length, 256);
  for (const [i, { id }] of peer.requests.entries()) peer.reply(id, u32, i * 2);
  assertEquals(await Promise.all(calls), calls.map((_, i) => i * 2));
  assertEquals(session.calls.pending, 0);
  void add(1).catch(() => {});
  assertEquals(peer.requests.length, 257);
});

each('Session.call() with whenFull "wait" lets calls wait in order, up to 1,024', async () => {
  const { session, add, peer } = setup({ whenFull: "wait" });
  const calls = Array.from({ length: 256 + 1024 }, (_, i) => add(i));
  assertEquals(peer.requests.length, 256);
  assertEquals(await codeOf(add(0)), "TooManyCallsInFlight");
  for (let i = 0; i < calls.length; i++) {
    assertEquals(peer.argsOf(i, ADD), { amount: i });
    peer.reply(peer.requests[i]!.id, u32, i);
  }
  assertEquals(await Promise.all(calls), calls.map((_, i) => i));
  assertEquals(session.calls.pending, 0);
});

each(
  "Session.call() takes waiting calls out of the queue by deadline, signal and end",
  async () => {
    const { session, add, peer, clock } = setup({ whenFull: "wait" });
    const inFlight = Array.from({ length: 256 }, () => add(0));
    const controller = new AbortController();
    const late = add(1, { timeoutMs: 50 });
    const cancelled = add(2, { signal: controller.signal });
    const bad = session.calls.call(ADD, { amount: -1 });
    const lost = add(3);
    assertEquals(await codeOf(bad), "ClientEncodeError");
    clock.advance(50);
    assertEquals(await codeOf(late), "DeadlineExceeded");
    controller.abort();
    assertEquals(await codeOf(cancelled), "Cancelled");
    assertEquals(session.calls.pending, 257);
    peer.end();
    assertEquals(await codeOf(lost), "ClientNotConnected");
    assertEquals(new Set(await Promise.all(inFlight.map(codeOf))), new Set(["ConnectionLost"]));
    assertEquals([session.calls.pending, clock.pending, peer.requests.length], [0, 0, 256]);
  },
);

each("Session.call() bounds the bytes that wait for an id", async () => {
  const { add, session } = setup({ whenFull: "wait", limits: { maxBufferedBytes: 1000 } });
  const pending = Array.from({ length: 256 }, () => add(0));
  const name = "x".repeat(600);
  pending.push(session.calls.call(NAME, { name }));
  assertEquals(await codeOf(session.calls.call(NAME, { name })), "TooManyCallsInFlight");
  session.end(new Error("done"));
  assertEquals((await Promise.allSettled(pending)).length, 257);
});

each("Session.call() keeps the id of a call past its deadline until the late reply", async () => {
  const { session, add, peer, clock, counters } = setup();
  const late = add(1, { timeoutMs: 100 });
  const patient = add(2, { timeoutMs: Infinity });
  await endOfTurn();
  clock.advance(99);
  assertEquals(session.calls.pending, 2);
  clock.advance(1);
  assertEquals(await codeOf(late), "DeadlineExceeded");
  assertEquals([session.calls.pending, clock.pending], [2, 0]);
  peer.reply(peer.requests[0]!.id, u32, 1);
  assertEquals([session.calls.pending, counters.strayReplies], [1, 0]);
  peer.reply(peer.requests[1]!.id, u32, 2);
  assertEquals(await patient, 2);
});

test("Session.call() uses callTimeoutMs and one timer for all calls", async () => {
  core = CORES[""]!;
  const { add, clock, peer } = setup({ limits: { callTimeoutMs: 500 } });
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 100; i++) {
    clock.advance(1);
    calls.push(add(i));
    await endOfTurn();
  }
  assertEquals([clock.timersSet, clock.pending], [1, 1]);
  for (const { id } of peer.requests.slice(0, 50)) peer.reply(id, u32, 0);
  clock.advance(1000);
  const codes = await Promise.all(calls.slice(50).map(codeOf));
  assertEquals(new Set(codes), new Set(["DeadlineExceeded"]));
  assertEquals(clock.pending, 0);
});

each("Session.call() is cancelled in flight, and not after the reply", async () => {
  const { session, add, peer, counters } = setup();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  const answered = add(1, { signal });
  peer.reply(peer.requests[0]!.id, u32, 7);
  assertEquals(listeners, 0);
  const cancelled = add(2, { signal });
  const reason = new Error("changed my mind");
  controller.abort(reason);
  assertEquals(await answered, 7);
  const error = await assertRejects(() => cancelled, RpcError);
  assertEquals([error.code, error.cause], ["Cancelled", reason]);
  assertEquals([listeners, session.calls.pending], [0, 1]);
  peer.reply(peer.requests[1]!.id, u32, 8);
  assertEquals([session.calls.pending, counters.strayReplies], [0, 0]);
});

each("Session ignores and counts a second reply and an unknown id", async () => {
  const { session, add, peer, counters } = setup();
  const first = add(1);
  const { id } = peer.requests[0]!;
  peer.reply(id, u32, 1);
  peer.reply(id, u32, 99);
  peer.reply(200, u32, 99);
  const second = add(2);
  peer.reply(id, u32, 99);
  peer.reply(peer.requests[1]!.id, u32, 2);
  assertEquals([await first, await second], [1, 2]);
  assertEquals([counters.strayReplies, !session.ending], [3, true]);
});

each("Session ends when more than 128 abandoned calls hold their ids", async () => {
  const { add, peer, session, clock } = setup();
  const abandoned = Array.from({ length: 128 }, () => add(0, { timeoutMs: 10 }));
  const waiting = add(1);
  await endOfTurn();
  clock.advance(10);
  assertEquals(new Set(await Promise.all(abandoned.map(codeOf))), new Set(["DeadlineExceeded"]));
  assertEquals(session.ending, undefined);
  const last = add(2, { timeoutMs: 10 });
  await endOfTurn();
  clock.advance(10);
  assertEquals(await codeOf(last), "DeadlineExceeded");
  assertEquals(await codeOf(waiting), "ConnectionLost");
  assertEquals([!session.ending, peer.closedWith?.code, clock.pending], [false, 1000, 0]);
});

each("Session that ends while its calls expire leaves no timer", async () => {
  for (const extension of [0, 1] as const) {
    const { add, peer, clock } = setup({}, extension);
    const calls = Array.from({ length: 256 }, () => add(0, { timeoutMs: 10 }));
    await endOfTurn();
    const send = peer.send.bind(peer);
    peer.send = (message) => {
      send(message);
      if (peer.said.length === 256) peer.end(1006, "Lost at the last Cancel");
    };
    clock.advance(10);
    const settled = await Promise.allSettled(calls);
    assertEquals(settled.every(({ status }) => status === "rejected"), true);
    assertEquals(clock.pending, 0);
  }
});

each("Session.onClose() fails every call at once, and later ones without sending", async () => {
  const { session, add, peer, clock } = setup();
  const calls = [add(1), add(2)];
  peer.end(4001, "restart");
  assertEquals(await Promise.all(calls.map(codeOf)), ["ConnectionLost", "ConnectionLost"]);
  assertEquals(await codeOf(add(3)), "ClientNotConnected");
  const [error, spreadMs] = await session.ended;
  assertEquals([(error as RpcError).code, spreadMs], ["ConnectionLost", 0]);
  assert(error.message.includes("4001: restart"));
  assertEquals([!session.ending, session.calls.pending, clock.pending], [false, 0, 0]);
  await session.closed;
});

each("Session.end() terminates a transport whose peer does not answer the close", async () => {
  const { session, peer, clock } = setup({ limits: { closeTimeoutMs: 5000 } });
  peer.answersClose = false;
  session.end(new Error("done"));
  clock.advance(4999);
  assertEquals(peer.terminated, false);
  clock.advance(1);
  assertEquals(peer.terminated, true);
  await session.closed;
  assertEquals(clock.pending, 0);
});

each("Session applies a state change before the reply behind it", async () => {
  const { add, peer, state } = setup();
  const seen: number[] = [];
  const call = add(1).then(() => seen.push(state.current.counter));
  peer.state([0, COUNTER, 7], [1, LABEL, "seven"]);
  peer.reply(peer.requests[0]!.id, u32, 0);
  await call;
  assertEquals(seen, [7]);
  assertEquals(state.current, { counter: 7, label: "seven" });
});

each("Session makes another frozen snapshot of the state at each change", () => {
  const { peer, state } = setup();
  const snapshots = [state.current];
  peer.state([0, COUNTER, 7]);
  snapshots.push(state.current);
  peer.state([1, LABEL, "seven"]);
  snapshots.push(state.current);
  assertEquals(snapshots, [
    { counter: 0, label: "" },
    { counter: 7, label: "" },
    { counter: 7, label: "seven" },
  ]);
  assertEquals(snapshots.map(Object.isFrozen), [true, true, true]);
});

each("Session ignores and counts a state field it does not know", () => {
  const { peer, state, session, counters } = setup();
  peer.state([2, COUNTER, 1], [0, COUNTER, 7], [0xffff_ffff, COUNTER, 1]);
  assertEquals([state.current.counter, counters.unknownStateFields, !session.ending], [7, 2, true]);
});

each("Session delivers events to iterators, and decodes only events with a reader", async () => {
  const { peer, events, session } = setup();
  const topic = Topic.from("numbers");
  peer.event(topic, new Uint8Array([1]));
  const stream = events.open({ topic });
  const other = events.open();
  peer.event(topic, encode(u32, 5));
  const [a, b] = [await stream.next(), await other.next()];
  assertEquals(a.value?.payload, 5);
  assert(a.value === b.value);
  assert(a.value?.topic.equals(topic));
  assertEquals(session.ending, undefined);
});

each(
  "Session skips an event whose topic is over maxTopicBytes, counts it and tells of it",
  async () => {
    const { peer, events, session, counters, errors } = setup();
    const all = events.open();
    peer.event(Topic.from("a".repeat(1025)), encode(u32, 4));
    peer.event(Topic.from(new Uint8Array(2_000_000)), encode(u32, 4));
    peer.event(Topic.from("a".repeat(1024)), encode(u32, 5));
    assertEquals((await all.next()).value?.payload, 5);
    assertEquals([!session.ending, counters.undecodableEvents, all.dropped], [true, 2, 0]);
    const causes = errors.map((error) => String((error as ProtocolError).cause));
    assertEquals(causes.map((cause) => cause.includes("maxTopicBytes")), [true, true]);
  },
);

each("Session skips an event that does not decode, and tells of ever fewer of them", async () => {
  const { peer, events, session, counters, errors } = setup();
  const topic = Topic.from("numbers");
  const stream = events.open();
  for (let i = 0; i < 100; i++) peer.event(topic, new Uint8Array([1]));
  peer.event(topic, encode(u32, 5));
  assertEquals((await stream.next()).value?.payload, 5);
  assertEquals([!session.ending, counters.eventsReceived, counters.undecodableEvents], [
    true,
    101,
    100,
  ]);
  assertEquals(errors.map((error) => error instanceof ProtocolError && error.code), [
    "BadEvent", // the 1st, 2nd, 4th, 8th, 16th, 32nd and 64th
    "BadEvent",
    "BadEvent",
    "BadEvent",
    "BadEvent",
    "BadEvent",
    "BadEvent",
  ]);
});

each("Session lets a listener of the state call and close", async () => {
  const { peer, state, add, session } = setup();
  let call: Promise<unknown> | undefined;
  state.subscribe(() => {
    call = add(9);
    session.end(new Error("enough"));
  });
  peer.state([0, COUNTER, 1]);
  assert(call !== undefined);
  assertEquals(await codeOf(call), "ConnectionLost");
});

each("Session.call() settles though a getter in the arguments ends the session", async () => {
  const { session } = setup();
  const args = {
    get amount(): number {
      session.end(new Error("enough"));
      return 1;
    },
  };
  assertEquals(await codeOf(session.calls.call(ADD, args)), "ClientNotConnected");
  assertEquals(session.calls.pending, 0);
});

const deflate = (bytes: Uint8Array): Uint8Array => new Uint8Array(deflateRawSync(bytes));
const GOOD = deflate(new Uint8Array(24));
const HOSTILE: readonly {
  what: string;
  send: (peer: FakePeer) => void;
  code: string;
  closeCode: number;
}[] = [
  {
    what: "garbage",
    send: (peer) => peer.bytes(new Uint8Array([0xff, 0xfe, 0xfd])),
    code: "BadDeflate",
    closeCode: 4002,
  },
  {
    what: "an empty message",
    send: (peer) => peer.bytes(new Uint8Array(0)),
    code: "BadDeflate",
    closeCode: 4002,
  },
  {
    what: "a truncated stream",
    send: (peer) => peer.bytes(GOOD.subarray(0, -1)),
    code: "BadDeflate",
    closeCode: 4002,
  },
  {
    what: "an archive of no bytes",
    send: (peer) => peer.bytes(deflate(new Uint8Array(0))),
    code: "BadMessage",
    closeCode: 4002,
  },
  {
    what: "a short archive",
    send: (peer) => peer.bytes(deflate(new Uint8Array(23))),
    code: "BadMessage",
    closeCode: 4002,
  },
  {
    what: "an unknown tag",
    send: (peer) => peer.bytes(deflate(new Uint8Array(24).fill(9))),
    code: "BadMessage",
    closeCode: 4002,
  },
  {
    what: "a bomb",
    send: (peer) => peer.bytes(deflate(new Uint8Array(9 << 20))),
    code: "TooBig",
    closeCode: 4009,
  },
  {
    what: "a long message",
    send: (peer) => peer.bytes(new Uint8Array((2 << 20) + 1)),
    code: "TooBig",
    closeCode: 4009,
  },
  {
    what: "a state field of another type",
    send: (peer) => peer.state([0, COUNTER, 7], [1, COUNTER, 7]),
    code: "BadState",
    closeCode: 4002,
  },
];
for (const { what, send, code, closeCode } of HOSTILE) {
  each(`Session ends with ${code} on ${what}, and its calls fail at once`, async () => {
    const { add, peer, session, events, state, clock } = setup();
    events.open();
    const call = add(1);
    send(peer);
    assertEquals(await codeOf(call), "ConnectionLost");
    const [error] = await session.ended;
    assertInstanceOf(error, ProtocolError);
    assertEquals([error.code, peer.closedWith?.code], [code, closeCode]);
    assertEquals(state.current, { counter: 0, label: "" });
    assertEquals(clock.pending, 0);
  });
}

each("Session ends with BadReply on an output that does not decode", async () => {
  const { add, peer, session } = setup();
  const [bad, other] = [add(1), add(2)];
  peer.reply(peer.requests[0]!.id, u8, 1);
  assertEquals(await codeOf(bad), "ClientDecodeError");
  assertEquals(await codeOf(other), "ConnectionLost");
  const [error] = await session.ended;
  assertInstanceOf(error, ProtocolError);
  assertEquals([error.code, peer.closedWith?.code], ["BadReply", 4002]);
});

each("makeCalls() makes a plain object with one own function a method", async () => {
  const { session, peer } = setup();
  const calls = makeCalls<{ get(): number }>(
    Counter.methods,
    (method, args, options) => session.calls.call(method, args, options),
  );
  assertEquals(Object.keys(calls), ["add", "name", "get"]);
  assertEquals(Object.getPrototypeOf(calls), Object.prototype);
  assertEquals("then" in calls, false);
  const { get } = calls;
  const pending = [get(), get({}, { timeoutMs: 5 }), get(undefined, { timeoutMs: 5 })];
  for (const { id } of peer.requests) peer.reply(id, u32, 3);
  assertEquals(await Promise.all(pending), [3, 3, 3]);
});

test("a client's objects have no accessors, with which each would be a hash table in memory", () => {
  const { session, events, state } = setup();
  for (const [name, object] of Object.entries({ session, events, state })) {
    const accessors = Object.entries(Object.getOwnPropertyDescriptors(object))
      .filter(([, { get, set }]) => get ?? set).map(([key]) => `${name}.${key}`);
    assertEquals(accessors, []);
  }
});

test("the hub of events lets go of those before the first iterators when they are not needed", () => {
  const { events } = setup();
  assertEquals([events.wanted(), events.size()], [true, 0]);
  events.release();
  events.release();
  assertEquals([events.wanted(), events.size()], [false, 0]);
});
