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
import { unit } from "../../codec/mod.ts";
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

const Target = service({
  rpc: {
    get: rpc({}, u32),
    count: rpc({}, stream(u32)),
    sum: rpc({ numbers: stream(u32) }, u32),
    chat: rpc({ lines: stream(string) }, stream(string)),
  },
  client: { confirm: rpc({ text: string }, u32) },
});
const [CONFIRM] = Target.clientMethods;

const ID = fc.nat(9);
/** Messages of a server, regardless of the client's calls. */
const MESSAGE: fc.Arbitrary<(writer: Writer) => void> = fc.oneof(
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
  of: fc.constantFrom("get", "count", "sum", "chat"),
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
          const hears = (write: (writer: Writer) => void): void => {
            if (random(8) > 0) return peer.archive(write);
            const writer = new Writer();
            write(writer);
            const bytes = mutate(writer.bytes.subarray(0, writer.position), random);
            peer.archive((damaged) => damaged.bytes.set(bytes, damaged.reserve(bytes.length, 1)));
          };
          for (const step of steps) {
            if (step === undefined) await turn();
            else if (typeof step === "function") hears(step);
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
                  : program.read(calls.chat({ lines: program.source("a", how) }, options), how),
              );
              if (random(2) === 0) await turn();
              if (random(4) === 0) controllers.shift()?.abort();
            }
          }
          await turn();
          const { ending } = session;
          if (ending !== undefined) {
            assert(ending[0] instanceof ProtocolError, String(ending[0]));
            assertEquals(peer.closedWith?.code, 4002);
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
