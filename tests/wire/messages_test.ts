import { interpret } from "../../codec/archive.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CodecError, string, u32, u64, u8 } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import type { RpcHandlerErrorCode } from "../../wire/errors.ts";
import { NEW_EVENT, RPC_RESPONSE, STATE_CHANGE } from "../../wire/layout.ts";
import { ClientMessage, readClientMessage } from "../../wire/client_message_reader.ts";
import { writeRequest } from "../../wire/client_message_writer.ts";
import {
  writeErrorResponse,
  writeEvent,
  writeEventOf,
  writeRawResponse,
  writeResponse,
} from "../../wire/server_message_writer.ts";
import { serverMessage } from "../support/server_message.ts";
import { Topic } from "../../wire/topic.ts";
import { writeRawRequest } from "../support/raw_request.ts";
import { writeStateChange } from "../support/state_change.ts";

interface RustTopic {
  readonly inner: string;
  readonly is_string: boolean;
}
interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly value: {
    readonly v: "RPCRequest" | "RPCResponse" | "NewEvent" | "StateChange";
    readonly f?: {
      readonly id: number;
      readonly internal: string;
      readonly output: { readonly ok?: string; readonly err?: { readonly v: RpcHandlerErrorCode } };
      readonly topic: RustTopic;
      readonly payload: string;
    };
    readonly t?: readonly [readonly { readonly index: number; readonly data: string }[]];
  };
}

const VECTORS: readonly Vector[] = readFileSync(new URL("messages.jsonl", import.meta.url), "utf8")
  .trim().split("\n").map((line) => JSON.parse(line));

/** Where messages are written and read: at an odd place, with bytes around them. */
const START = 5;

function write(action: (writer: Writer) => void): string {
  const writer = new Writer(1);
  writer.writeBytes(new Uint8Array(START).fill(0xaa));
  writer.position = writer.base = START;
  action(writer);
  return encodeHex(writer.bytes.subarray(START, writer.position));
}

function open(hex: string): [Reader, number] {
  const reader = new Reader();
  const bytes = decodeHex(`aaaaaaaaaa${hex}bbbbbb`);
  reader.reset(bytes);
  return [reader, bytes.length - 3];
}

function writeVector(writer: Writer, { value: { v, f, t } }: Vector): void {
  if (v === "StateChange") {
    const updates = t![0].map(({ index, data }) => ({ index, data: decodeHex(data) }));
    writeStateChange(writer, updates);
  } else if (v === "RPCRequest") {
    writeRawRequest(writer, f!.id, decodeHex(f!.internal));
  } else if (v === "NewEvent") {
    const topic = Topic.fromWire(decodeHex(f!.topic.inner), f!.topic.is_string);
    writeEvent(writer, topic, decodeHex(f!.payload));
  } else if (f!.output.err !== undefined) {
    writeErrorResponse(writer, f!.id, f!.output.err.v);
  } else {
    writeRawResponse(writer, f!.id, decodeHex(f!.output.ok!));
  }
}

function readVector({ hex, value: { v, f, t } }: Vector): void {
  const [reader, end] = open(hex);
  const slice = (start: number, end: number) => encodeHex(reader.bytes.subarray(start, end));
  if (v === "RPCRequest") {
    const message = new ClientMessage();
    readClientMessage(reader, START, end, message);
    assertEquals(message.id, f!.id);
    assertEquals(slice(message.start, message.end), f!.internal);
    return;
  }
  const message = serverMessage(reader, START, end);
  if (v === "NewEvent") {
    assertEquals(message.kind, NEW_EVENT);
    const topic = Topic.fromWire(decodeHex(f!.topic.inner), f!.topic.is_string);
    assert(message.topic?.equals(topic));
    assertEquals(slice(message.start, message.end), f!.payload);
  } else if (v === "StateChange") {
    assertEquals(message.kind, STATE_CHANGE);
    const updates = message.updates.map(({ index, start, end }) => ({
      index,
      data: slice(start, end),
    }));
    assertEquals(updates, [...t![0]]);
  } else {
    assertEquals(message.kind, RPC_RESPONSE);
    assertEquals(message.id, f!.id);
    assertEquals(message.ok, f!.output.err === undefined);
    if (message.ok) assertEquals(slice(message.start, message.end), f!.output.ok);
    else assertEquals(message.errorCode, f!.output.err!.v);
  }
}

for (const vector of VECTORS) {
  test(`messages are written as Rust writes ${vector.name}`, () => {
    assertEquals(write((writer) => writeVector(writer, vector)), vector.hex);
  });
  test(`messages are read from Rust's ${vector.name}`, () => readVector(vector));
}

test("writeRequest() archives the call in place", () => {
  const raw = write((writer) => writeRawRequest(writer, 3, Uint8Array.of(7, 0, 0, 0)));
  assertEquals(write((writer) => writeRequest(interpret, writer, 3, u32, 7)), raw);
});

test("writeResponse() archives the output in place, with its own alignment", () => {
  const value = "longer than seven";
  const raw = new TextEncoder().encode(value);
  // the text, 3 bytes of padding, the length, the distance
  const archive = [...raw, 0, 0, 0, 17, 0, 0, 0, 0xec, 0xff, 0xff, 0xff];
  const expected = write((writer) => writeRawResponse(writer, 9, Uint8Array.from(archive)));
  assertEquals(write((writer) => writeResponse(interpret, writer, 9, string, value)), expected);
});

test("writeEventOf() aligns the payload from its own start", () => {
  const topic = Topic.from("odd");
  const payload = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
  const expected = write((writer) => writeEvent(writer, topic, payload));
  assertEquals(write((writer) => writeEventOf(interpret, writer, topic, u64, 1n)), expected);
});

test("a message that cannot be encoded leaves the writer where it was", () => {
  const writer = new Writer();
  writer.position = 5;
  assertThrows(() => writeResponse(interpret, writer, 1, u8, 300), CodecError);
  assertEquals(writer.position, 5);
});

const HOSTILE:
  readonly (readonly [what: string, side: "client" | "server", hex: string, code: string])[] = [
    ["nothing", "client", "", "OutOfBounds"],
    ["a root that is too short", "client", "0000000000000000000000", "OutOfBounds"],
    ["a root that is not aligned", "client", "00000000 00fcffffff00000000", "Unaligned"],
    ["an unknown tag", "client", "01000000fcffffff00000000", "InvalidTag"],
    ["a call before the archive", "client", "00000000f8ffffff01000000", "OutOfBounds"],
    ["a call past the end", "client", "00000000fcffffff ffffffff", "Overrun"],
    [
      "a call in the root itself",
      "client",
      "0000000000000000 04000000",
      "SubtreePointerOutOfBounds",
    ],
    [
      "a call that runs into the root",
      "client",
      "07000000 00010000f8ffffff05000000",
      "SubtreePointerOverrun",
    ],
    ["an unknown tag", "server", "03".padEnd(48, "0"), "InvalidTag"],
    ["an output that is neither Ok nor Err", "server", "0000000002".padEnd(48, "0"), "InvalidTag"],
    ["an unknown error", "server", "00000000010b".padEnd(48, "0"), "InvalidTag"],
    [
      "a topic that is text or not",
      "server",
      "01000000fcffffff0000000002000000f0ffffff00000000",
      "Bool",
    ],
    [
      "payload before topic",
      "server",
      "6162 0000 01000000 faffffff 01000000 00000000 ecffffff 01000000",
      "SubtreePointerOutOfBounds",
    ],
    ["four billion updates", "server", "02000000 fcffffff ffffffff".padEnd(50, "0"), "Overrun"],
    [
      "updates that are not aligned",
      "server",
      "00".repeat(16) + "02000000 edffffff 01000000".padEnd(50, "0"),
      "Unaligned",
    ],
    [
      "an update whose data is the updates",
      "server",
      "00000000 08000000 00000000 02000000 f0ffffff 01000000".padEnd(77, "0"),
      "SubtreePointerOutOfBounds",
    ],
  ];

for (const [what, side, spaced, code] of HOSTILE) {
  test(`${side === "client" ? "readClientMessage" : "readServerMessage"}() refuses ${what}: ${code}`, () => {
    const [reader, end] = open(spaced.replaceAll(" ", ""));
    const error = assertThrows(() => {
      if (side === "client") readClientMessage(reader, START, end, new ClientMessage());
      else serverMessage(reader, START, end);
    }, CodecError) as CodecError;
    assertEquals(error.code, code);
  });
}
