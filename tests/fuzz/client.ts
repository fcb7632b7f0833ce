/**
 * {@linkcode fuzzClients}: mutated messages of a server, at clients that call, stream and are called.
 *
 * @module
 */
import { deflateRawSync } from "node:zlib";
import { setImmediate as turn } from "node:timers/promises";
import { answering } from "../../client/answers.ts";
import { startCalls } from "../../client/calls.ts";
import { makeCalls } from "../../client/client.ts";
import { UPLOADING } from "../../stream/open_outlet.ts";
import { createEventHub } from "../../client/events.ts";
import { mayWait } from "../../client/extras.ts";
import { startPageCalls } from "../../client/page_calls.ts";
import type { CallsHost, StartCalls } from "../../client/parts.ts";
import { openSession, type Session } from "../../client/session.ts";
import { onAbort } from "../../wire/signals.ts";
import { mirrorState } from "../../client/state_mirror.ts";
import { NO_COUNTS } from "../../client/types.ts";
import { interpret, readArchive, writeArchive } from "../../codec/archive.ts";
import { encode, type Schema, unit } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { deflateStored, storedSize } from "../../deflate/stored.ts";
import {
  bytes,
  type CallsOf,
  CodecError,
  type MethodsOf,
  rpc,
  service,
  stream,
  string,
  Topic,
  u32,
  vec,
} from "../../mod.ts";
import { createZlibDeflater } from "../../runtime/node/zlib.ts";
import { storedFraming } from "../../runtime/browser.ts";
import { timersOf } from "../../wire/clock.ts";
import { ProtocolError, RPC_HANDLER_ERRORS, RpcError } from "../../wire/errors.ts";
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
import type { Transport } from "../../wire/transport.ts";
import { processorTimes } from "../hostile/processor.ts";
import { noise } from "../support/noise.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { writeStateChange } from "../support/state_change.ts";
import { damage } from "./connection.ts";
import { randomFrom } from "./support.ts";

const WORDS = vec(string);
const Server = service({
  rpc: {
    sort: rpc({ words: WORDS }, WORDS),
    numbers: rpc({ from: u32 }, stream(u32)),
    total: rpc({ words: stream(string) }, u32),
    twice: rpc({ words: stream(WORDS) }, stream(string)),
    copies: rpc({ parts: stream(bytes) }, stream(bytes)),
  },
  client: { confirm: rpc({ text: string }, WORDS) },
  state: { total: u32, words: WORDS },
  event: WORDS,
});
type Calls = CallsOf<MethodsOf<typeof Server>>;

/** Ids of the calls, as {@linkcode begin} makes them. */
const [SORT, NUMBERS, TOTAL, TWICE, COPIES] = [0, 1, 2, 3, 4];
const PART = noise(20_000);
const SOME: readonly string[] = ["a", "longer than inline text", "ü"];

const SAID: readonly ((writer: Writer) => void)[] = [
  (writer) => writeResponse(interpret, writer, SORT, WORDS, SOME),
  (writer) => writeResponse(interpret, writer, TOTAL, u32, 7),
  (writer) => writeResponse(interpret, writer, TWICE, unit, undefined),
  (writer) => writeErrorResponse(writer, NUMBERS, "HandlerPanicked"),
  (writer) => writeEvent(writer, Topic.from("a topic"), encode(WORDS, SOME)),
  (writer) =>
    writeStateChange(writer, [
      { index: 0, data: encode(u32, 7) },
      { index: 1, data: encode(WORDS, SOME) },
    ]),
  (writer) => void writeServerItem(interpret, writer, NUMBERS, u32, 7),
  (writer) => void writeServerItem(interpret, writer, TWICE, string, "a word that is not inline"),
  (writer) => writeServerGrant(writer, TOTAL, 70),
  (writer) => writeServerGrant(writer, TWICE, 4000),
  (writer) => writeServerGrant(writer, COPIES, 140_000, 131_072),
  (writer) => void writeServerItem(interpret, writer, COPIES, bytes, PART.subarray(0, 17_000)),
  (writer) => writeResponse(interpret, writer, COPIES, unit, undefined),
  (writer) =>
    writeServerCall(interpret, writer, 0, Server.clientMethods[0]!.call as Schema<unknown>, {
      text: "Sure, whatever it is?",
    }),
  (writer) => writeServerCancel(writer, 0),
];

/** Raw items of each stream and of no call, between what says what they are. */
const RAW_ITEMS: readonly (readonly Uint8Array[])[] = [NUMBERS, TOTAL, TWICE, COPIES, COPIES, 200]
  .map((id) => [
    Uint8Array.of(0x3f, id, 0, 1),
    PART,
    PART.subarray(3000),
    Uint8Array.of(0x3f, 255, 0, 0),
  ]);

/** Whole messages, stored, and deflated. */
function seeds(): { readonly stored: Uint8Array[]; readonly deflated: Uint8Array[] } {
  const archives = SAID.map((write) => {
    const writer = new Writer();
    write(writer);
    return writer.bytes.slice(0, writer.position);
  });
  return {
    stored: archives.map((archive) => {
      const stored = new Uint8Array(storedSize(archive.length));
      deflateStored(archive, stored);
      return stored;
    }),
    deflated: archives.map((archive) => new Uint8Array(deflateRawSync(archive))),
  };
}

/** A way to make calls, and the messages sent to it. */
interface Kind {
  readonly startCalls: StartCalls;
  readonly framing: CallsHost["framing"];
  readonly seeds: readonly Uint8Array[];
}

function kinds(): readonly Kind[] {
  const deflater = createZlibDeflater();
  if (deflater === undefined) throw new TypeError("This runtime has no node:zlib");
  const { stored, deflated } = seeds();
  return [
    {
      startCalls: startCalls(deflater),
      framing: { unframe: unframeBy(deflater) },
      seeds: [...stored, ...deflated],
    },
    // It is sent nothing that is deflated.
    { startCalls: startPageCalls, framing: storedFraming, seeds: stored },
  ];
}

/** The results of the messages. */
export interface ClientFuzzCounts {
  /** Messages that were sent. */
  readonly messages: number;
  /** Calls that were made. */
  readonly calls: number;
  /** Calls with an accepted answer. */
  readonly answered: number;
  /** Items that were read. */
  readonly items: number;
  /** Calls by the server that were answered. */
  readonly confirmed: number;
  /** Sessions that were begun. */
  readonly sessions: number;
  /** Those that a message ended. */
  readonly ended: number;
}

/** Processor milliseconds for a few small messages, including compiling for the first. */
const MAX_BURST_MS = 400;

/** A session ends after this many messages, if not before. */
const MAX_MESSAGES = 256;

/** One client, and every outcome of the messages sent to it. */
class Fuzzed {
  readonly session: Session;
  readonly counts: { calls: number; answered: number; items: number; confirmed: number };
  readonly clock: FakeClock = new FakeClock();
  readonly #calls: Calls;
  readonly #end: () => void;
  /** Calls that have not settled. */
  open = 0;
  /** Reported errors and rejections that no message explains. */
  wrong: unknown;

  constructor({ startCalls, framing }: Kind, counts: Fuzzed["counts"]) {
    this.counts = counts;
    const { clock } = this;
    const report = (error: unknown): void => {
      if (!(error instanceof ProtocolError || error instanceof CodecError)) this.wrong ??= error;
    };
    const state = mirrorState<unknown>(Server.state, { ...timersOf(clock), onAbort }, report);
    const events = createEventHub<unknown>(DEFAULT_LIMITS, report, onAbort);
    const transport: Transport = {
      bufferedAmount: 0,
      send() {},
      close: (code, reason) => session.onClose({ code, reason }),
      terminate() {},
    };
    const session = this.session = openSession(transport, {
      startCalls,
      framing: { ...storedFraming, ...framing },
      codec: interpret,
      level: 0,
      limits: { ...DEFAULT_LIMITS, maxDepth: 64, maxDecodedBytes: 1 << 20 },
      whenFull: "wait",
      mayWait: mayWait(DEFAULT_LIMITS.maxBufferedBytes),
      clock,
      ...timersOf(clock),
      onAbort,
      event: Server.event as Schema<unknown>,
      events,
      state,
      counters: { ...NO_COUNTS },
      report,
      openAnswers: answering(Server.clientMethods, {
        confirm: ({ text }: { readonly text: string }) => {
          counts.confirmed++;
          return [text];
        },
      }, { readArchive, writeArchive, codes: RPC_HANDLER_ERRORS, checkSize }),
    }, 1);
    void this.#readAll(events.open());
    this.#end = () => events.end();
    this.#calls = makeCalls(
      Server.methods,
      (method, args, options, streaming) => session.calls.call(method, args, options, streaming),
      UPLOADING,
    );
  }

  async #readAll(items: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of items) this.counts.items++;
  }

  async *#words<T>(word: T): AsyncGenerator<T> {
    for (;;) {
      yield word;
      await turn();
    }
  }

  #settles(call: Promise<unknown>): void {
    this.open++;
    this.counts.calls++;
    call.then(() => void this.counts.answered++, (error) => {
      if (!(error instanceof RpcError || error instanceof CodecError)) this.wrong ??= error;
    }).finally(() => this.open--);
  }

  /** Call each method, unless enough is under way. */
  call(): void {
    if (this.session.ending !== undefined || this.open >= 8) return;
    this.#settles(this.#calls.sort({ words: SOME as string[] }));
    this.#settles(this.#readAll(this.#calls.numbers({ from: 1 })));
    this.#settles(this.#calls.total({ words: this.#words("a word") }));
    this.#settles(this.#readAll(this.#calls.twice({ words: this.#words(["a", "b"]) })));
    this.#settles(this.#readAll(this.#calls.copies({ parts: this.#words(PART) })));
  }

  /** End it from here, where it has not. Throws if anything is left. */
  async end(): Promise<void> {
    this.session.end(new Error("done"));
    this.#end();
    for (let i = 0; this.open > 0 && i < 10; i++) await turn();
    const { pending, streams } = this.session.calls;
    const left = this.open + pending + (streams?.size ?? 0) + this.clock.pending;
    if (left > 0) throw new Error(`${left} are left`);
  }
}

/**
 * Send `messages` mutated messages to clients, of both kinds in turn, each until it ends its session.
 *
 * @throws If a call does not settle, an error is reported that no damaged message caused, a message
 * throws, takes long, or anything is left of a session that has ended.
 */
export async function fuzzClients(messages: number, seed: number): Promise<ClientFuzzCounts> {
  const random = randomFrom(seed);
  const all = kinds();
  const counts = { calls: 0, answered: 0, items: 0, confirmed: 0 };
  let sessions = 0;
  let ended = 0;
  let lastMs = processorTimes("self").ranMs;
  for (let sent = 0; sent < messages;) {
    const kind = all[sessions++ % all.length]!;
    const client = new Fuzzed(kind, counts);
    for (let of = 0; of < MAX_MESSAGES && sent < messages && !client.session.ending;) {
      client.call();
      await turn();
      for (let burst = 1 + random(8); burst > 0; burst--, of++, sent++) {
        const whole = kind.seeds[random(kind.seeds.length)]!;
        const some = random(8) > 0 ? [whole] : RAW_ITEMS[random(RAW_ITEMS.length)]!;
        // Most of them as they are: a damaged one ends the session as a rule.
        const most = some.length > 1 ? 24 : 3;
        for (const each of some) {
          client.session.onMessage(random(most) > 0 ? each.slice() : damage(each, random));
        }
      }
      await turn();
      const { ranMs } = processorTimes("self");
      if (ranMs - lastMs > MAX_BURST_MS) {
        throw new Error(`seed ${seed}: messages up to ${sent} took ${ranMs - lastMs} ms`);
      }
      lastMs = ranMs;
      const { wrong } = client;
      if (wrong !== undefined) {
        throw new Error(`seed ${seed}, about message ${sent}`, { cause: wrong });
      }
    }
    const { ending } = client.session;
    if (ending !== undefined) {
      ended++;
      if (!(ending[0] instanceof ProtocolError)) {
        throw new Error(`seed ${seed}, message ${sent}`, { cause: ending[0] });
      }
    }
    await client.end();
  }
  return { messages, sessions, ended, ...counts };
}
