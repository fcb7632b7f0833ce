import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { answering } from "../../client/answers.ts";
import { startCalls } from "../../client/calls.ts";
import { makeCalls } from "../../client/client.ts";
import { UPLOADING } from "../../stream/open_outlet.ts";
import { createEventHub } from "../../client/events.ts";
import { startPageCalls } from "../../client/page_calls.ts";
import type { CallsHost, StartCalls } from "../../client/parts.ts";
import { openSession } from "../../client/session.ts";
import { onAbort } from "../../wire/signals.ts";
import { mirrorState } from "../../client/state_mirror.ts";
import { NO_COUNTS } from "../../client/types.ts";
import { interpret, readArchive, writeArchive } from "../../codec/archive.ts";
import { encode, type Schema, unit } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { storeBlocks } from "../../deflate/stored_blocks.ts";
import {
  type CallsOf,
  type MethodsOf,
  rpc,
  service,
  stream,
  string,
  Topic,
  u32,
} from "../../mod.ts";
import { storedFraming } from "../../runtime/browser.ts";
import { STREAM_WINDOW_BYTES } from "../../stream/lead.ts";
import { timersOf } from "../../wire/clock.ts";
import { RPC_HANDLER_ERRORS } from "../../wire/errors.ts";
import { checkSize } from "../../wire/faults.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import {
  writeServerCall,
  writeServerCancel,
  writeServerGrant,
  writeServerItem,
} from "../../wire/server_extension.ts";
import { writeErrorResponse, writeEvent, writeResponse } from "../../wire/server_message_writer.ts";
import { unframeBy } from "../../wire/receiver.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { writeStateChange } from "../support/state_change.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { turn } from "../server/support.ts";

const METHODS = {
  get: rpc({}, u32),
  count: rpc({}, stream(u32)),
  sum: rpc({ numbers: stream(u32) }, u32),
  chat: rpc({ lines: stream(string) }, stream(string)),
};
const STATE = { counter: u32 };
const Plain = service({ rpc: METHODS, state: STATE, event: u32 });
const Called = service({
  rpc: METHODS,
  state: STATE,
  event: u32,
  client: { confirm: rpc({ text: string }, u32), wait: rpc() },
});
const [CONFIRM, WAIT] = Called.clientMethods;

interface Kind {
  readonly startCalls: StartCalls;
  readonly framing: CallsHost["framing"];
  /** Whether the code that answers is loaded though the service has no methods of the client. */
  readonly alwaysAnswers: boolean;
}

const FULL: Kind = {
  startCalls: startCalls(testDeflater),
  framing: { unframe: unframeBy(testDeflater) },
  alwaysAnswers: true,
};
const PAGE: Kind = { startCalls: startPageCalls, framing: storedFraming, alwaysAnswers: false };

type Write = (writer: Writer, id: number) => void;

const MESSAGES: Readonly<Record<string, Write>> = {
  "an answer": (writer, id) => writeResponse(interpret, writer, id, u32, 7),
  "an empty answer": (writer, id) => writeResponse(interpret, writer, id, unit, undefined),
  "a failure": (writer, id) => writeErrorResponse(writer, id, "HandlerPanicked"),
  "an item": (writer, id) => void writeServerItem(interpret, writer, id, u32, 7),
  "a text": (writer, id) => void writeServerItem(interpret, writer, id, string, "seven letters"),
  "an empty item": (writer, id) => void writeServerItem(interpret, writer, id, unit, undefined),
  "no room": (writer, id) => writeServerGrant(writer, id, 0),
  "room": (writer, id) => writeServerGrant(writer, id, 64),
  "too much room": (writer, id) => writeServerGrant(writer, id, STREAM_WINDOW_BYTES + 1),
  "the most room": (writer, id) => writeServerGrant(writer, id, 0xffff_ffff),
  "a call": (writer, id) =>
    writeServerCall<unknown>(interpret, writer, id, CONFIRM!.call, { text: "Sure?" }),
  "a call that lasts": (writer, id) =>
    writeServerCall<unknown>(interpret, writer, id, WAIT!.call, {}),
  "a call of nothing": (writer, id) => writeServerCall(interpret, writer, id, unit, undefined),
  "a cancel": (writer, id) => writeServerCancel(writer, id),
  "an event": (writer) => writeEvent(writer, Topic.from("t"), encode(u32, 7)),
  "an event that is none": (writer) => writeEvent(writer, Topic.from("t"), encode(unit, undefined)),
  "state": (writer) => writeStateChange(writer, [{ index: 0, data: encode(u32, 7) }]),
  "state that is none": (writer) =>
    writeStateChange(writer, [{ index: 0, data: encode(unit, undefined) }]),
};

/** Changes to a message on its way, by its root. */
const FAULTS: Readonly<Record<string, (archive: Uint8Array, root: DataView) => Uint8Array>> = {
  "": (archive) => archive,
  " that points behind itself": (archive, root) => (root.setInt32(4, 64, true), archive),
  " that points before all": (archive, root) => (root.setInt32(4, -4096, true), archive),
  " that is too long": (archive, root) => (root.setUint32(8, 0xffff_ffff, true), archive),
  " of the next tag": (archive, root) => (root.setUint8(0, root.getUint8(0) + 1), archive),
  " of an unknown tag": (archive, root) => (root.setUint8(0, 7), archive),
  " of the last tag": (archive, root) => (root.setUint8(0, 255), archive),
  " cut short": (archive) => archive.subarray(0, 23),
  " without bytes": (archive) => archive.subarray(0, 0),
};

function messageOf(write: Write, fault: (typeof FAULTS)[string], id: number): Uint8Array {
  const writer = new Writer();
  write(writer, id);
  const archive = writer.bytes.slice(0, writer.position);
  return storeBlocks(fault(archive, new DataView(archive.buffer, archive.length - 24)));
}

/** A client without streams so far; or with ids below 12 in every possible state. */
async function begin(
  { startCalls, framing, alwaysAnswers }: Kind,
  of: typeof Plain | typeof Called,
  busy: boolean,
) {
  const peer = new FakePeer();
  peer.extended = true;
  const clock = new FakeClock();
  const told: string[] = [];
  const counters = { ...NO_COUNTS };
  const tell = (error: unknown): void => void told.push(verdict(error));
  const state = mirrorState<unknown>(of.state, { ...timersOf(clock), onAbort }, tell);
  const events = createEventHub<unknown>(DEFAULT_LIMITS, tell, onAbort);
  void (async () => {
    for await (const { topic, payload } of events.open()) told.push(`${topic} ${payload}`);
  })();
  const handlers = of === Called
    ? { confirm: () => 1, wait: () => new Promise(() => {}) }
    : undefined;
  const session = openSession(peer, {
    startCalls,
    framing,
    codec: interpret,
    level: 0,
    limits: DEFAULT_LIMITS,
    whenFull: "fail",
    clock,
    ...timersOf(clock),
    onAbort,
    event: of.event as Schema<unknown>,
    events,
    state,
    counters,
    report: tell,
    openAnswers: alwaysAnswers || of === Called
      ? answering(of.clientMethods, handlers, {
        readArchive,
        writeArchive,
        codes: RPC_HANDLER_ERRORS,
        checkSize,
      })
      : undefined,
  }, 1);
  peer.attach(session);
  const calls: CallsOf<MethodsOf<typeof Plain>> = makeCalls(
    of.methods,
    (method, args, options, streaming) => session.calls.call(method, args, options, streaming),
    UPLOADING,
  );
  const settled = (what: string, promise: Promise<unknown>): void => {
    promise.then((value) => told.push(`${what}: ${value}`), (error) => {
      told.push(`${what}: ${verdict(error)}`);
    });
  };
  const send = (write: Write, id: number): void => peer.bytes(messageOf(write, FAULTS[""]!, id));
  if (!busy) {
    settled("get", calls.get());
    return { peer, session, told, counters, state, events };
  }
  const never = <T>(): AsyncIterable<T> => ({
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  });
  const read = async (items: AsyncIterable<unknown>): Promise<string> => {
    const all = [];
    for await (const item of items) told.push(`an item: ${item}`), all.push(item);
    return all.join();
  };
  const gone = new AbortController();
  settled("get", calls.get()); // 0: waits
  settled("count", read(calls.count())); // 1: streams to here
  settled("sum", calls.sum({ numbers: never() })); // 2: streams from here
  settled("chat", read(calls.chat({ lines: never() }))); // 3: both ways
  settled("sum", calls.sum({ numbers: [1, 2] })); // 4: its argument has ended
  settled("get", calls.get({}, { signal: gone.signal })); // 5: given up
  settled("sum", calls.sum({ numbers: never() }, { signal: gone.signal })); // 6
  settled("chat", read(calls.chat({ lines: never() }, { signal: gone.signal }))); // 7
  calls.count(); // 8: nobody reads it
  settled("get", calls.get()); // 9: answered
  settled("count", read(calls.count())); // 10
  settled("sum", calls.sum({ numbers: never() })); // 11
  gone.abort();
  await turn();
  send(MESSAGES["an answer"]!, 9);
  send(MESSAGES["an empty answer"]!, 10);
  send(MESSAGES["an answer"]!, 11);
  if (of === Called) {
    send(MESSAGES["a call that lasts"]!, 0);
    send(MESSAGES["a call"]!, 1);
    send(MESSAGES["a call that lasts"]!, 2);
    send(MESSAGES["a cancel"]!, 2);
  }
  await turn();
  return { peer, session, told, counters, state, events };
}

function verdict(error: unknown): string {
  const { name, code, closeCode } = Object(error) as {
    name: string;
    code?: string;
    closeCode?: number;
  };
  return [name, code, closeCode].join(" ");
}

/** A client's reactions to one message, sent twice. */
async function outcome(
  kind: Kind,
  of: typeof Plain | typeof Called,
  busy: boolean,
  message: Uint8Array,
): Promise<{ readonly verdict: string }> {
  const { peer, session, told, counters, state, events } = await begin(kind, of, busy);
  const from = [told.length, peer.said.length] as const;
  peer.bytes(message);
  peer.bytes(message);
  await turn();
  const [error, , broken] = session.ending ?? [];
  const result = {
    verdict: error === undefined ? "" : verdict(error),
    broken,
    closedWith: peer.closedWith?.code,
    told: told.slice(from[0]),
    said: peer.said.slice(from[1]),
    requests: peer.requests.length,
    pending: session.calls.pending,
    streams: session.calls.streams?.size,
    // Those of Deno, Bun and Node send calls short, and count their bytes at the end.
    counters: { ...counters, bytesSent: 0 },
    state: state.current,
  };
  session.end(new Error("done"));
  events.end();
  return result;
}

const SOME_IDS = [...Array(14).keys(), 128, 255];

for (const [service, of] of Object.entries({ "a service": Plain, "one that calls": Called })) {
  for (const busy of [false, true]) {
    const where = busy ? "with ids in every state" : "before its first stream";
    test(`a page's client of ${service}, ${where}, takes every message as any other`, async () => {
      const seen = new Set<string>();
      for (const [fault, change] of Object.entries(FAULTS)) {
        for (const [name, write] of Object.entries(MESSAGES)) {
          await Promise.all(SOME_IDS.map(async (id) => {
            const message = messageOf(write, change, id);
            const [full, page] = await Promise.all(
              [FULL, PAGE].map((kind) => outcome(kind, of, busy, message)),
            );
            assertEquals(page, full, `${name}${fault}, id ${id}`);
            seen.add(full!.verdict);
          }));
        }
      }
      const verdicts = ["BadMessage", ...(busy ? ["BadCredit"] : []), "BadReply", "BadState"];
      assertEquals(
        [...seen].toSorted(),
        ["", ...verdicts.toSorted().map((code) => `ProtocolError ${code} 4002`)].toSorted(),
      );
    });
  }
}

test("an invalid item breaks the protocol also before a client's first stream", async () => {
  for (const kind of [FULL, PAGE]) {
    for (
      const [name, write] of Object.entries({
        item: MESSAGES["an item"]!,
        call: MESSAGES["a call"]!,
      })
    ) {
      for (const fault of [" that points behind itself", " that is too long"]) {
        const message = messageOf(write, FAULTS[fault]!, 9);
        const { verdict } = await outcome(kind, Plain, false, message);
        assertEquals(verdict, "ProtocolError BadMessage 4002", name + fault);
      }
    }
  }
});
