/**
 * A message of the counter, piece by piece: {@linkcode explain}.
 *
 * @module
 */
import { decode, type Schema } from "../../codec/mod.ts";
import { inflate } from "../../deflate/inflate.ts";
import { Counter } from "../../examples/counter/service.ts";
import {
  CLIENT_MESSAGE_BYTES,
  NEW_EVENT,
  RPC_REQUEST,
  SERVER_MESSAGE_BYTES,
  SHORT,
  SHORT_HEADER_BYTES,
  STATE_UPDATE_BYTES,
} from "../../wire/layout.ts";
import { RPC_HANDLER_ERRORS, Topic } from "../../mod.ts";

/** Who sent a message. */
export type Side = "client" | "server";

/** Some bytes, and what they say. */
export interface Piece {
  /** In hex, with blanks between. */
  readonly hex: string;
  readonly says: string;
}

/** A message. */
export interface Explained {
  /** Which message it is. */
  readonly kind: string;
  /** What it says. */
  readonly meaning: string;
  /** All of its bytes, in order. */
  readonly pieces: readonly Piece[];
}

const MAX_INFLATED_BYTES = 1 << 20;
/** Bytes of the header of a stored block. */
const STORED_HEADER_BYTES = 5;

/** The names of calls under way, by id: answers do not say which method they are of. */
export type Methods = Map<number, string>;

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** A value in few words. */
function inWords(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_, each) =>
      typeof each === "bigint" ? `${each}` : each instanceof Uint8Array ? hexOf(each) : each,
  );
  return text === undefined ? "nothing" : text.replaceAll('"', "").replaceAll(/([:,])/g, "$1 ");
}

function callIn(archive: Uint8Array, id: number, methods: Methods): string {
  const { type, ...args } = decode(
    Counter.calls as Schema<unknown>,
    archive as Uint8Array<ArrayBuffer>,
  ) as Record<string, unknown>;
  methods.set(id, String(type));
  return `${type}(${Object.keys(args).length > 0 ? inWords(args) : ""})`;
}

function outputIn(archive: Uint8Array, id: number, methods: Methods): string {
  const name = methods.get(id);
  methods.delete(id);
  const method = Counter.methods.find((each) => each.name === name);
  if (method === undefined) return "an answer";
  const output = decode(method.output as Schema<unknown>, archive as Uint8Array<ArrayBuffer>);
  return `${name}() returned ${inWords(output)}`;
}

/** Cuts an archive into pieces, from its beginning on. */
class Cutter {
  readonly pieces: Piece[] = [];
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes up to `end` say this. */
  upTo(end: number, says: string): void {
    if (end <= this.#position) return;
    this.pieces.push({ hex: hexOf(this.#bytes.subarray(this.#position, end)), says });
    this.#position = end;
  }

  /** The next so many bytes say this. */
  take(count: number, says: string): void {
    this.upTo(this.#position + count, says);
  }
}

/** What a slice's pointer at `at` leads to. */
function slice(archive: Uint8Array, at: number): [start: number, end: number] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const start = at + view.getInt32(at, true);
  return [start, start + view.getUint32(at + 4, true)];
}

function explainShort(message: Uint8Array, from: Side, methods: Methods): Explained {
  const [, id = 0, length = 0, zeros = 0] = message;
  const archive = new Uint8Array(length + zeros);
  archive.set(message.subarray(SHORT_HEADER_BYTES));
  const meaning = from === "client"
    ? callIn(archive, id, methods)
    : outputIn(archive.subarray(0, length), id, methods);
  const cutter = new Cutter(message);
  const kind = from === "client" ? "RPCRequest" : "RPCResponse";
  cutter.take(1, `short ${kind}`);
  cutter.take(1, `call ${id}`);
  cutter.take(1, `${length} bytes`);
  cutter.take(1, from === "client" ? `and ${zeros} zero bytes that are left out` : "–");
  cutter.take(length, from === "client" ? "the call: method, arguments" : "the output");
  return { kind: `${kind}, short`, meaning, pieces: cutter.pieces };
}

function explainRequest(archive: Uint8Array, methods: Methods): Explained {
  const root = archive.length - CLIENT_MESSAGE_BYTES;
  const cutter = new Cutter(archive);
  const [start, end] = slice(archive, root + 4);
  const id = archive[root + 1]!;
  cutter.upTo(end, "the call: method, arguments");
  cutter.upTo(root, "padding");
  cutter.take(4, `root: tag ${RPC_REQUEST}, call ${id}, padding`);
  cutter.take(4, `the call is ${root + 4 - start} bytes back`);
  cutter.take(4, `and ${end - start} bytes long`);
  const meaning = callIn(archive.slice(start, end), id, methods);
  return { kind: "RPCRequest", meaning, pieces: cutter.pieces };
}

function explainEvent(archive: Uint8Array, root: number): Explained {
  const cutter = new Cutter(archive);
  const [topicStart, topicEnd] = slice(archive, root + 4);
  const [start, end] = slice(archive, root + 16);
  const isText = archive[root + 12] === 1;
  const event = decode(Counter.event!, archive.slice(start, end));
  cutter.upTo(topicEnd, "the topic");
  cutter.upTo(end, "the event: variant, fields");
  cutter.upTo(root, "padding");
  cutter.take(4, `root: tag ${NEW_EVENT}, padding`);
  cutter.take(8, `the topic is ${root + 4 - topicStart} bytes back, ${topicEnd - topicStart} long`);
  cutter.take(4, isText ? "it is text" : "it is bytes, not text");
  cutter.take(8, `the event is ${root + 16 - start} bytes back, ${end - start} long`);
  return { kind: "NewEvent", meaning: inWords(event), pieces: cutter.pieces };
}

function explainState(archive: Uint8Array, root: number): Explained {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const at = root + 4 + view.getInt32(root + 4, true);
  const count = view.getUint32(root + 8, true);
  const updates = Array.from({ length: count }, (_, i) => {
    const update = at + i * STATE_UPDATE_BYTES;
    const index = view.getUint32(update + 8, true);
    const [name, schema] = Counter.state[index]!;
    const [start, end] = slice(archive, update);
    const value = decode(schema, archive.slice(start, end));
    return { name, index, start, end, update, value };
  });
  const cutter = new Cutter(archive);
  for (const { name, start, end } of updates) {
    cutter.upTo(start, "padding");
    cutter.upTo(end, `the field ${name}`);
  }
  cutter.upTo(at, "padding");
  for (const { name, index, start, end, update } of updates) {
    cutter.take(8, `update: its data is ${update - start} bytes back, ${end - start} long`);
    cutter.take(4, `field ${index}, ${name}`);
  }
  cutter.take(4, "root: tag 2, padding");
  cutter.take(8, `the updates are ${root + 4 - at} bytes back, ${count} of them`);
  cutter.upTo(archive.length, "unused by this variant");
  const meaning = updates.map(({ name, value }) =>
    `${name} = ${value instanceof Topic ? hexOf(value.bytes) : inWords(value)}`
  ).join(", ");
  return { kind: "StateChange", meaning, pieces: cutter.pieces };
}

function explainResponse(archive: Uint8Array, root: number, methods: Methods): Explained {
  const cutter = new Cutter(archive);
  const id = archive[root + 1]!;
  const failed = archive[root + 4] === 1;
  const [start, end] = failed ? [root, root] : slice(archive, root + 8);
  cutter.upTo(root, "the output");
  cutter.take(4, `root: tag 0, call ${id}, padding`);
  const code = RPC_HANDLER_ERRORS[archive[root + 5]!];
  cutter.take(4, failed ? `Err: ${code}` : "Ok");
  if (!failed) cutter.take(8, `the output is ${root + 8 - start} bytes back, ${end - start} long`);
  cutter.upTo(archive.length, "unused by this variant");
  const meaning = failed
    ? `${methods.get(id)}() failed: ${code}`
    : outputIn(archive.slice(start, end), id, methods);
  return { kind: "RPCResponse", meaning, pieces: cutter.pieces };
}

/**
 * Explain one message of the counter, as it stands on the wire.
 *
 * @param methods Calls under way; requests are added, and answers taken away.
 */
export function explain(message: Uint8Array, from: Side, methods: Methods): Explained {
  if ((message[0]! & SHORT) === SHORT) return explainShort(message, from, methods);
  const archive = inflate(message, MAX_INFLATED_BYTES).slice();
  const isStored = message[0] === 1;
  const root = archive.length - SERVER_MESSAGE_BYTES;
  const explained = from === "client"
    ? explainRequest(archive, methods)
    : archive[root] === NEW_EVENT
    ? explainEvent(archive, root)
    : archive[root] === 2
    ? explainState(archive, root)
    : explainResponse(archive, root, methods);
  const { kind, meaning, pieces } = explained;
  const header: Piece = isStored
    ? {
      hex: hexOf(message.subarray(0, STORED_HEADER_BYTES)),
      says: `a stored block of ${archive.length} bytes`,
    }
    : { hex: hexOf(message), says: `DEFLATE, of ${archive.length} bytes that are` };
  return { kind, meaning, pieces: [header, ...pieces] };
}
