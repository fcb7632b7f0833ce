/**
 * {@linkcode fuzzConnections}: mutated messages to a server, while another client must be answered.
 *
 * @module
 */
import { interpret } from "../../codec/archive.ts";
import { deflateRawSync } from "node:zlib";
import { setImmediate as turn } from "node:timers/promises";
import { Writer } from "../../codec/writer.ts";
import { deflateStored, storedSize } from "../../deflate/stored.ts";
import { connectWith } from "../../client/full.ts";
import { bytes, CodecError, map, rpc, service, stream, string, u32, vec } from "../../mod.ts";
import { memoryDialer } from "../../runtime/memory.ts";
import { createZlibDeflater } from "../../runtime/node/zlib.ts";
import { createCore } from "../../server/server_core.ts";
import type { HandlerOf } from "../../server/mod.ts";
import type { Acceptor, Transport } from "../../wire/transport.ts";
import { ProtocolError } from "../../wire/errors.ts";
import { EXTENSION_QUERY } from "../../wire/handshake.ts";
import {
  writeClientEnd,
  writeClientGrant,
  writeClientItem,
  writeRequest,
} from "../../wire/client_message_writer.ts";
import { writeClientCancel } from "../support/client_cancel.ts";
import { noise } from "../support/noise.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import { giveWriter, takeWriter } from "../../wire/shared_message.ts";
import { isShort, shortenRequest } from "../../wire/short_message.ts";
import { processorTimes } from "../hostile/processor.ts";
import { mutate, randomFrom } from "./support.ts";

/** The service. */
export const Target = service({
  rpc: {
    add: rpc({ amount: u32 }, u32),
    sort: rpc({ words: vec(string) }, vec(string)),
    count: rpc({ words: map(string, vec(u32)) }, u32),
    numbers: rpc({ from: u32 }, stream(u32)),
    total: rpc({ words: stream(string) }, u32),
    twice: rpc({ words: stream(vec(string)) }, stream(string)),
    copies: rpc({ parts: stream(bytes) }, stream(bytes)),
  },
  client: { confirm: rpc({ text: string }, vec(string)) },
  state: { total: u32, words: vec(string) },
});

const CALLS: readonly Readonly<Record<string, unknown>>[] = [
  { amount: 7 },
  { words: ["a", "longer than inline text", "ü"] },
  { words: new Map([["one", [1]], ["a key that is not inline", [2, 3]]]) },
  { from: 7 },
  {},
  {},
  {},
];
/** Ids of the calls that stream, as {@linkcode seeds} makes them. */
const [NUMBERS, TOTAL, TWICE, COPIES] = [3, 4, 5, 6];
const WORDS = vec(string);
const PART = noise(20_000);

/** Messages of streaming calls, and of the server's calls. */
const OF_STREAMS: readonly ((writer: Writer) => void)[] = [
  (writer) => writeClientItem(interpret, writer, TOTAL, string, "a word that is not inline"),
  (writer) => writeClientItem(interpret, writer, TWICE, WORDS, ["a", "b of some more letters"]),
  (writer) => writeClientEnd(writer, TOTAL, false),
  (writer) => writeClientEnd(writer, TWICE, true),
  (writer) => writeClientGrant(writer, NUMBERS, 4000),
  (writer) => writeClientGrant(writer, TWICE, 70),
  (writer) => writeClientGrant(writer, COPIES, 70_000, 65_536),
  (writer) => writeClientItem(interpret, writer, COPIES, bytes, PART.subarray(0, 17_000)),
  (writer) => writeClientCancel(writer, NUMBERS),
  (writer) => writeClientCancel(writer, TOTAL),
  (writer) => writeReply(interpret, writer, 0, WORDS, ["yes", "and more than is inline"]),
  (writer) => writeFailed(writer, 0, "HandlerPanicked"),
];

/** Processor milliseconds for a few small messages, including compiling for the first. */
const MAX_BURST_MS = 400;

/** The results of the messages. */
export interface FuzzCounts {
  /** Messages that were sent. */
  readonly messages: number;
  /** Calls that were answered, with an output or an error. */
  readonly answered: number;
  /** Connections that were opened. */
  readonly connections: number;
  /** Connections that the server closed for it. */
  readonly closed: number;
}

/** The answering client. */
export const handlers: HandlerOf<typeof Target> = ({ state, client }) => ({
  add: ({ amount }) => {
    client.confirm({ text: "Sure?" }).catch(() => {});
    return state.total = (state.total + amount) >>> 0;
  },
  sort: ({ words }) => state.words = words.toSorted(),
  count: ({ words }) => Promise.resolve(words.size),
  async *numbers({ from }) {
    for (let number = from; number <= 0xffff_ffff; number++) yield number;
  },
  async total({ words }) {
    let letters = 0;
    for await (const word of words) letters += word.length;
    return letters;
  },
  async *twice({ words }) {
    for await (const some of words) yield* [...some, ...some];
  },
  async *copies({ parts }) {
    for await (const part of parts) yield* [part, part];
  },
});

/** Whole messages as a client sends them, stored, deflated, and short where they may be. */
export function seeds(): Uint8Array[] {
  const calls = CALLS.map((call, i) => (writer: Writer) =>
    writeRequest(interpret, writer, i, Target.methods[i]!.call, call)
  );
  return [...calls, ...OF_STREAMS].flatMap((write) => {
    const writer = new Writer();
    write(writer);
    const archive = writer.bytes.slice(0, writer.position);
    const stored = new Uint8Array(storedSize(archive.length));
    deflateStored(archive, stored);
    const messages = [stored, new Uint8Array(deflateRawSync(archive))];
    const short = takeWriter();
    write(short);
    shortenRequest(short);
    if (isShort(short)) messages.push(short.bytes.slice(1, short.position));
    giveWriter(short);
    return messages;
  });
}

/** Raw items of each stream and of none, between what says what they are. */
const RAW_ITEMS: readonly (readonly Uint8Array[])[] = [NUMBERS, TOTAL, TWICE, COPIES, COPIES, 9]
  .map(
    (
      id,
    ) => [Uint8Array.of(0x3f, id, 0, 1), PART, PART.subarray(3000), Uint8Array.of(0x3f, 255, 0, 0)],
  );

/** Some damaged messages: one, or raw items, of which few are. */
export function damagedSome(
  whole: readonly Uint8Array[],
  random: (bound: number) => number,
): readonly Uint8Array<ArrayBuffer>[] {
  if (random(8) > 0) return [damage(whole[random(whole.length)]!, random)];
  return RAW_ITEMS[random(RAW_ITEMS.length)]!.map((message) =>
    random(24) === 0 ? damage(message, random) : message.slice()
  );
}

/** Half of the damage is to the archive, under a stored block's header that is whole. */
export function damage(
  message: Uint8Array,
  random: (bound: number) => number,
): Uint8Array<ArrayBuffer> {
  const isStored = message[0] === 1;
  if (!isStored || random(2) === 0) return mutate(message, random).slice();
  const archive = mutate(message.subarray(5), random);
  const stored = new Uint8Array(storedSize(archive.length));
  deflateStored(archive, stored);
  return stored;
}

interface Peer {
  readonly transport: Transport;
  open: boolean;
}

async function dial(acceptor: Acceptor, onAnswer: () => void): Promise<Peer> {
  let peer: Peer | undefined;
  const request = {
    url: `ws://memory/?${EXTENSION_QUERY}=1`,
    level: 1,
    maxMessageBytes: 1 << 20,
    idleTimeoutMs: 0,
    closeTimeoutMs: 5000,
    signal: new AbortController().signal,
  };
  await memoryDialer(acceptor)(request, (transport) => {
    const opened: Peer = peer = { transport, open: true };
    return { onMessage: () => void onAnswer(), onClose: () => void (opened.open = false) };
  });
  if (peer === undefined) throw new TypeError("There is no connection");
  return peer;
}

/** Whether an error means that a message, or its call, was damaged. */
export function isPeersFault(error: unknown): boolean {
  // Encoding has no place in bytes: such an error would be the server's.
  return error instanceof ProtocolError || (error instanceof CodecError && error.offset >= 0);
}

/**
 * Send `messages` mutated messages, each connection until the server closes it, and call from another
 * connection all the while.
 *
 * @throws If a call is not answered, an error is reported that no damaged message caused, or anything is left.
 */
export async function fuzzConnections(messages: number, seed: number): Promise<FuzzCounts> {
  const deflater = createZlibDeflater();
  if (deflater === undefined) throw new TypeError("This runtime has no node:zlib");
  let unexpected: unknown;
  const options = {
    limits: { maxDepth: 64, maxDecodedBytes: 1 << 20 },
    onError(error: unknown) {
      if (!isPeersFault(error)) unexpected ??= error;
    },
  };
  const core = createCore(Target, options, handlers, deflater);
  const client = await connectWith(Target, "ws://memory/", { reconnect: false }, {
    dial: memoryDialer(core.acceptor),
    deflater,
  });
  const random = randomFrom(seed);
  const whole = seeds();
  let answered = 0;
  let connections = 0;
  let closed = 0;
  let peer: Peer | undefined;
  let lastMs = processorTimes("self").ranMs;
  for (let sent = 0; sent < messages;) {
    if (peer === undefined || !peer.open) {
      if (peer !== undefined) closed++;
      peer = await dial(core.acceptor, () => answered++);
      connections++;
    }
    for (let burst = 1 + random(8); burst > 0 && sent < messages; burst--, sent++) {
      for (const message of damagedSome(whole, random)) peer.transport.send(message);
    }
    await turn();
    const { ranMs } = processorTimes("self");
    if (ranMs - lastMs > MAX_BURST_MS) {
      throw new Error(`seed ${seed}: messages up to ${sent} took ${ranMs - lastMs} ms`);
    }
    lastMs = ranMs;
    if (random(64) === 0) {
      const before = client.state.current.total;
      if (await client.rpc.add({ amount: 1 }) !== before + 1) throw new Error("A wrong answer");
    }
    if (unexpected !== undefined) {
      throw new Error(`seed ${seed}, about message ${sent}`, { cause: unexpected });
    }
  }
  peer?.transport.close(1000, "");
  await client.close();
  await core.close();
  const now = core.stats();
  const left = now.connections + now.callsInFlight + now.streamsOpen + now.clientCallsInFlight;
  if (left + now.bufferedBytes + now.heldBytes !== 0) throw new Error("Something is left");
  return { messages, answered, connections, closed };
}
