import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { makeCalls } from "../../client/client.ts";
import { UPLOADING } from "../../stream/open_outlet.ts";
import { answering } from "../../client/answers.ts";
import { startCalls } from "../../client/calls.ts";
import { createEventHub } from "../../client/events.ts";
import { mayWait } from "../../client/extras.ts";
import { startPageCalls } from "../../client/page_calls.ts";
import type { StartCalls } from "../../client/parts.ts";
import { openSession } from "../../client/session.ts";
import { onAbort } from "../../wire/signals.ts";
import { mirrorState } from "../../client/state_mirror.ts";
import { NO_COUNTS } from "../../client/types.ts";
import { interpret, readArchive, writeArchive } from "../../codec/archive.ts";
import { bytes, unit } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import {
  type CallsOf,
  type MethodsOf,
  rpc,
  RpcError,
  service,
  stream,
  string,
  u32,
} from "../../mod.ts";
import { storedFraming } from "../../runtime/browser.ts";
import { MAX_WINDOW_BYTES } from "../../stream/lead.ts";
import { timersOf } from "../../wire/clock.ts";
import { ProtocolError, RPC_HANDLER_ERRORS } from "../../wire/errors.ts";
import { checkSize } from "../../wire/faults.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { unframeBy } from "../../wire/receiver.ts";
import {
  writeServerCall,
  writeServerCancel,
  writeServerGrant,
  writeServerItem,
} from "../../wire/server_extension.ts";
import { writeErrorResponse, writeResponse } from "../../wire/server_message_writer.ts";
import { mutate, randomFrom } from "../fuzz/support.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { turn } from "../server/support.ts";
import { noise } from "../support/noise.ts";

const Target = service({
  rpc: {
    get: rpc({}, u32),
    count: rpc({}, stream(u32)),
    sum: rpc({ numbers: stream(u32) }, u32),
    chat: rpc({ lines: stream(string) }, stream(string)),
    pipe: rpc({ parts: stream(bytes) }, stream(bytes)),
  },
  client: { confirm: rpc({ text: string }, u32) },
});
const [CONFIRM] = Target.clientMethods;

const WINDOW = 262_144;
/** The smallest item that may come raw. */
const RAW_BYTES = 16_385;
const RAW_ITEM = noise(RAW_BYTES);
/** The archive of a number, as large. */
const RAW_NUMBER = new Uint8Array(RAW_BYTES + 3).fill(7, -4, -3);
/** Tells what larger messages are: items of this call, or messages again. */
const raw = (id: number, on = 1): Uint8Array => Uint8Array.of(0x3f, id, 0, on);

const ID = fc.nat(9);
/** Messages of a server, regardless of the client's calls, by archives or as they are on the wire. */
const MESSAGE: fc.Arbitrary<((writer: Writer) => void) | Uint8Array> = fc.oneof(
  fc.tuple(ID, fc.nat(1)).map(([id, on]) => raw(id, on)),
  fc.constantFrom(RAW_ITEM, RAW_NUMBER, noise(70_000)),
  ID.map((id) => (writer: Writer) => writeServerItem(interpret, writer, id, bytes, RAW_ITEM)),
  fc.tuple(ID, fc.constantFrom([64, 64], [64, 65], [2 * WINDOW, WINDOW], [1 << 20, 1 << 20]))
    .map(([id, [room, more]]) => (writer: Writer) => writeServerGrant(writer, id, room!, more)),
  ID.map((id) => (writer: Writer) => writeServerItem(interpret, writer, id, u32, 7)),
  ID.map((id) => (writer: Writer) =>
    writeServerItem(interpret, writer, id, string, "a longer one")
  ),
  ID.map((id) => (writer: Writer) => writeServerItem(interpret, writer, id, unit, undefined)),
  fc.tuple(ID, fc.constantFrom(0, 1, 64, MAX_WINDOW_BYTES + 1, 0xffff_ffff))
    .map(([id, room]) => (writer: Writer) => writeServerGrant(writer, id, room)),
  ID.map((id) => (writer: Writer) =>
    writeServerCall(interpret, writer, id, CONFIRM!.call, { text: "Sure?" })
  ),
  ID.map((id) => (writer: Writer) => writeServerCancel(writer, id)),
  ID.map((id) => (writer: Writer) => writeResponse(interpret, writer, id, u32, 7)),
  ID.map((id) => (writer: Writer) => writeResponse(interpret, writer, id, unit, undefined)),
  ID.map((id) => (writer: Writer) => writeErrorResponse(writer, id, "HandlerPanicked")),
);

/** Either way to make calls: that of Deno, Bun and Node, and that of pages. */
const CORES: Readonly<Record<string, StartCalls>> = {
  "": startCalls(testDeflater),
  " in a page": startPageCalls,
};

function setUp(core: StartCalls) {
  const peer = new FakePeer();
  peer.extended = true;
  const clock = new FakeClock();
  const ignore = (): void => {};
  const session = openSession(peer, {
    startCalls: core,
    framing: { ...storedFraming, unframe: unframeBy(testDeflater) },
    codec: interpret,
    level: 6,
    limits: DEFAULT_LIMITS,
    whenFull: "wait",
    mayWait: mayWait(DEFAULT_LIMITS.maxBufferedBytes),
    clock,
    ...timersOf(clock),
    onAbort,
    event: undefined,
    events: createEventHub<unknown>(DEFAULT_LIMITS, ignore, onAbort),
    state: mirrorState<unknown>([], { ...timersOf(clock), onAbort }, ignore),
    counters: { ...NO_COUNTS },
    report: ignore,
    openAnswers: answering(Target.clientMethods, { confirm: () => 1 }, {
      readArchive,
      writeArchive,
      codes: RPC_HANDLER_ERRORS,
      checkSize,
    }),
  }, 1);
  peer.attach(session);
  const calls: CallsOf<MethodsOf<typeof Target>> = makeCalls(
    Target.methods,
    (method, args, options, streaming) => session.calls.call(method, args, options, streaming),
    UPLOADING,
  );
  return { peer, clock, session, calls };
}

/** The program meanwhile: it calls each method, with sources and readers of every kind. */
const ACT = fc.record({
  of: fc.constantFrom("get", "count", "sum", "chat", "pipe"),
  how: fc.constantFrom("whole", "early", "never", "throws"),
  aborts: fc.boolean(),
});

/** Calls and their outcomes: each source's `finally` and each promise, once. */
class Program {
  begun = 0;
  settled = 0;
  sources = 0;
  returned = 0;
  readonly wrong: unknown[] = [];
  readonly signals: { added: number; removed: number }[] = [];

  async *source<T>(item: T, how: string): AsyncGenerator<T> {
    this.sources++;
    try {
      for (let i = 0; how !== "whole" || i < 3; i++) {
        yield item;
        if (how === "throws" && i === 1) throw new Error("broken");
        if (i % 16 === 0) await turn();
      }
    } finally {
      this.returned++;
    }
  }

  async run(work: Promise<unknown>): Promise<void> {
    this.begun++;
    try {
      await work;
    } catch (error) {
      // A message that cannot be read is the session's error, and its calls'.
      if (!(error instanceof RpcError)) this.wrong.push(error);
    }
    this.settled++;
  }

  async read(stream: AsyncIterable<unknown>, how: string): Promise<void> {
    let count = 0;
    for await (const _ of stream) {
      if (++count === 2 && how === "early") break;
      if (how === "never") await turn();
    }
  }

  /** A signal that counts its listeners. */
  signal(controller: AbortController): AbortSignal {
    const { signal } = controller;
    const counts = { added: 0, removed: 0 };
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      counts.added++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      counts.removed++;
      remove(...args);
    };
    this.signals.push(counts);
    return signal;
  }
}

for (const [where, core] of Object.entries(CORES)) {
  test(`whatever a server says, each call settles once, and nothing is left of it${where}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(ACT, MESSAGE, fc.constant(undefined)), { minLength: 1, maxLength: 40 }),
        fc.nat(),
        async (steps, seed) => {
          const { peer, clock, session, calls } = setUp(core);
          const random = randomFrom(seed);
          const program = new Program();
          const controllers: AbortController[] = [];
          const hears = (write: ((writer: Writer) => void) | Uint8Array): void => {
            if (write instanceof Uint8Array) {
              return peer.bytes(random(8) > 0 ? write.slice() : mutate(write, random).slice());
            }
            if (random(8) > 0) return peer.archive(write);
            const writer = new Writer();
            write(writer);
            const bytes = mutate(writer.bytes.subarray(0, writer.position), random);
            peer.archive((damaged) => {
              const at = damaged.reserve(bytes.length, 1);
              damaged.bytes.set(bytes, at);
            });
          };
          for (const step of steps) {
            if (step === undefined) await turn();
            else if (typeof step === "function" || step instanceof Uint8Array) hears(step);
            else {
              const controller = new AbortController();
              const options = step.aborts ? { signal: program.signal(controller) } : {};
              if (step.aborts) controllers.push(controller);
              const { of, how } = step;
              void program.run(
                of === "get"
                  ? calls.get({}, options)
                  : of === "count"
                  ? program.read(calls.count({}, options), how)
                  : of === "sum"
                  ? calls.sum({ numbers: program.source(7, how) }, options)
                  : of === "chat"
                  ? program.read(calls.chat({ lines: program.source("a", how) }, options), how)
                  : program.read(
                    calls.pipe({ parts: program.source(RAW_ITEM, how) }, options),
                    how,
                  ),
              );
              if (random(2) === 0) await turn();
              if (random(4) === 0) controllers.shift()?.abort();
            }
          }
          await turn();
          const { ending } = session;
          if (ending !== undefined) {
            assert(ending[0] instanceof ProtocolError, String(ending[0]));
            assertEquals(peer.closedWith?.code, ending[0].closeCode);
          } else peer.end();
          for (let i = 0; i < 20; i++) await turn();
          assertEquals(program.wrong, []);
          assertEquals([program.settled, session.calls.pending], [program.begun, 0]);
          assertEquals([program.returned, session.calls.streams?.size ?? 0], [program.sources, 0]);
          assertEquals(clock.pending, 0);
          for (const { added, removed } of program.signals) assertEquals(removed, added);
        },
      ),
      { numRuns: Number(process.env["CHAOS_RUNS"] ?? 40) },
    );
  });
}

/** Read all, and tell the sizes, and with which code it ended. */
async function drained(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const item of items) seen.push((item as Uint8Array).length ?? item);
  } catch (error) {
    seen.push((error as RpcError).code);
  }
  return seen;
}

const BROKEN: readonly (readonly [
  what: string,
  code: string,
  messages: readonly (((writer: Writer) => void) | Uint8Array)[],
])[] = [
  ["`Raw` with a length", "BadMessage", [Uint8Array.of(0x3f, 0, 1, 1, 0)]],
  ["`Raw` with a length beyond it", "BadMessage", [Uint8Array.of(0x3f, 0, 9, 1)]],
  ["`Raw` with on above 1", "BadMessage", [Uint8Array.of(0x3f, 0, 0, 2)]],
  ["`Raw` of three bytes", "BadMessage", [Uint8Array.of(0x3f, 0, 0)]],
  ["a raw item after off", "BadDeflate", [raw(0), raw(255, 0), RAW_ITEM]],
  ["a raw item without `Raw`", "BadDeflate", [RAW_ITEM]],
  ["more raw items than there is credit for", "BadCredit", [
    raw(0),
    ...new Array(17).fill(RAW_ITEM),
  ]],
  ["a raw item beyond a limit", "TooBig", [
    raw(0),
    new Uint8Array(DEFAULT_LIMITS.maxMessageBytes + 1),
  ]],
  ["a grant of a wider window than can be", "BadCredit", [
    (writer: Writer) => writeServerGrant(writer, 0, 786_433, 786_433),
  ]],
  ["a grant of a window that is wider than what it grants", "BadCredit", [
    (writer: Writer) => writeServerGrant(writer, 0, 64, 65),
  ]],
];

for (const [where, core] of Object.entries(CORES)) {
  test(`raw items are heard by streams of bytes that are open, and by no other call${where}`, async () => {
    const { peer, session, calls } = setUp(core);
    const hears = (id: number): void => {
      for (const message of [raw(id), raw(id), RAW_ITEM, raw(id, 0)]) peer.bytes(message.slice());
    };
    // Before there is a call, those of every id.
    for (let id = 0; id < 256; id++) hears(id);
    assertEquals(session.ending, undefined);
    const get = calls.get();
    const piped = calls.pipe({ parts: [] });
    const lengths = drained(piped);
    const counted = drained(calls.count());
    const left = calls.pipe({ parts: [] });
    await turn();
    const [GET, PIPED, COUNTED, LEFT] = peer.requests.map(({ id }) => id) as
      & number[]
      & [number, number, number, number];
    await left.return();
    peer.bytes(raw(COUNTED));
    peer.bytes(RAW_NUMBER.slice());
    for (const id of [GET, PIPED, COUNTED, LEFT, 255]) hears(id);
    peer.bytes(raw(PIPED));
    peer.bytes(RAW_ITEM.slice());
    peer.reply(GET, u32, 7);
    // Smaller messages are messages, and larger ones are again.
    peer.archive((writer) => writeServerItem(interpret, writer, PIPED, bytes, new Uint8Array(5)));
    peer.bytes(raw(255, 0));
    peer.archive((writer) => writeServerItem(interpret, writer, PIPED, bytes, noise(20_000)));
    peer.bytes(raw(PIPED));
    peer.reply(PIPED, unit, undefined);
    peer.bytes(RAW_ITEM.slice());
    assertEquals(await get, 7);
    assertEquals(await lengths, [RAW_BYTES, RAW_BYTES, 5, 20_000]);
    // Of another type it is an archive, and this was none of a number.
    assertEquals(await counted, [7, "ClientDecodeError"]);
    assertEquals(session.ending, undefined);
    session.end(new Error("done"));
  });

  for (const [what, code, messages] of BROKEN) {
    test(`${what} ends the session with ${code}${where}`, async () => {
      const { peer, session, calls } = setUp(core);
      const work = drained(calls.pipe({ parts: new ReadableStream() }));
      await turn();
      // Nobody reads it: it has no more credit than at first.
      const stopped = calls.pipe({ parts: [] });
      await turn();
      const { id } = peer.requests[code === "BadCredit" && messages.length > 1 ? 1 : 0]!;
      for (const [i, message] of messages.entries()) {
        assertEquals(session.ending, undefined, `before message ${i}`);
        if (typeof message === "function") peer.archive(message);
        else {
          const own = message.slice();
          if (own.length === 4 && own[1] === 0) own[1] = id;
          peer.bytes(own);
        }
      }
      const error = session.ending?.[0] as ProtocolError;
      assertEquals([error.code, error.closeCode], [code, code === "TooBig" ? 4009 : 4002]);
      assertEquals(await work, ["ConnectionLost"]);
      assertEquals(
        await drained(stopped),
        code === "BadCredit" && messages.length > 1
          ? [...new Array(16).fill(RAW_BYTES), "ConnectionLost"]
          : ["ConnectionLost"],
      );
    });
  }
}
