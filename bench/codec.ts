/**
 * The counter's messages, encoded and decoded: the codec's share of a call.
 *
 * Run by itself for mitata's own output: `deno run -A bench/codec.ts` or `bun bench/codec.ts`.
 *
 * @module
 */
import { bench, do_not_optimize as keep, run } from "mitata";
import { readArchive } from "../codec/archive.ts";
import { generate } from "../codec/compiler.ts";
import { decode } from "../codec/decode.ts";
import { encode } from "../codec/encode.ts";
import { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import { Writer } from "../codec/writer.ts";
import { Counter, CounterEvent } from "../examples/counter/service.ts";
import { Topic, u32 } from "../mod.ts";
import { DEFAULT_LIMITS } from "../wire/limits.ts";
import { ClientMessage, readClientMessage } from "../wire/client_message_reader.ts";
import { writeRequest } from "../wire/client_message_writer.ts";
import { readServerMessage, type ServerMessageHandlers } from "../wire/server_message_reader.ts";
import { writeEventOf, writeResponse } from "../wire/server_message_writer.ts";
import { digits } from "./statistics.ts";
import type { Table } from "./table.ts";
import { writeStateChange } from "../tests/support/state_change.ts";

const increment = Counter.methods.find(({ name }) => name === "increment")?.call as Schema<unknown>;
const ARGS = { amount: 1 };
const EVENT: CounterEvent = { type: "incremented", to: 8, from: 7 };
const topic = Topic.from(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const updates = [{ index: 0, data: encode(u32, 7) }];

const writer = new Writer(1024);
const reader = new Reader(DEFAULT_LIMITS);
const clientMessage = new ClientMessage();
/** The position of the last decoded archive. */
const found = { start: 0, end: 0 };
const find = (_: unknown, start: number, end: number): void => {
  found.start = start;
  found.end = end;
};
const handlers: ServerMessageHandlers = [
  (_id, _error, start, end) => find(_id, start, end),
  (_topic, start, end) => find(_topic, start, end),
  ([index, start, end]) => find(index, start!, end!),
  () => {},
];

function write(name: string, into: () => void): Uint8Array {
  writer.position = 0;
  into();
  const message = writer.bytes.slice(0, writer.position);
  bench(`write ${name}, ${message.length} B`, () => {
    writer.position = 0;
    into();
    return keep(writer.position);
  });
  return message;
}

const request = write("a request", () => writeRequest(generate, writer, 1, increment, ARGS));
bench("read a request", () => {
  reader.reset(request);
  readClientMessage(reader, 0, request.length, clientMessage);
  return keep(
    readArchive(generate, Counter.calls, reader, clientMessage.start, clientMessage.end),
  );
});

const response = write("a response", () => writeResponse(generate, writer, 1, u32, 7));
bench("read a response", () => {
  reader.reset(response);
  readServerMessage(reader, 0, response.length, handlers);
  return keep(readArchive(generate, u32, reader, found.start, found.end));
});

const change = write("a state change", () => writeStateChange(writer, updates));
bench("read a state change", () => {
  reader.reset(change);
  readServerMessage(reader, 0, change.length, handlers);
  return keep(readArchive(generate, u32, reader, found.start, found.end));
});

const event = write("an event", () => writeEventOf(generate, writer, topic, CounterEvent, EVENT));
bench("read an event", () => {
  reader.reset(event);
  readServerMessage(reader, 0, event.length, handlers);
  const { start, end } = found;
  return keep(readArchive(generate, CounterEvent, reader, start, end));
});

bench("encode(): a CounterEvent", () => keep(encode(CounterEvent, EVENT)));
const archive = encode(CounterEvent, EVENT);
bench("decode(): a CounterEvent", () => keep(decode(CounterEvent, archive)));

/** Run with mitata, and make a table of it. */
export async function runCodec(): Promise<Table> {
  const { benchmarks } = await run({ format: "quiet" });
  const rows: string[][] = [];
  for (const { runs } of benchmarks) {
    for (const { name, stats } of runs) {
      if (stats === undefined) continue;
      rows.push([name, digits(stats.p50), digits(stats.min), digits(stats.p99)]);
    }
  }
  return {
    title: "Codec: the counter's messages",
    columns: ["ns", "p50", "min", "p99"],
    rows,
    notes: ["In one reused buffer, without the stored block's header; by mitata."],
  };
}

if (import.meta.main) await run();
