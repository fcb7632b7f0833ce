import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { test } from "node:test";
import { interpret } from "../../codec/archive.ts";
import { array, CodecError, decode, type Schema, u8 } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import type { RpcHandlerErrorCode } from "../../wire/errors.ts";
import { ClientMessage, readClientMessage } from "../../wire/client_message_reader.ts";
import {
  writeClientEnd,
  writeClientGrant,
  writeClientItem,
} from "../../wire/client_message_writer.ts";
import { writeClientCancel } from "../support/client_cancel.ts";
import {
  readServerExtension,
  type ServerExtensionHandlers,
  writeServerCall,
  writeServerCancel,
  writeServerGrant,
  writeServerItem,
} from "../../wire/server_extension.ts";
import { readServerMessage } from "../../wire/server_message_reader.ts";
import { writeRawResponse } from "../../wire/server_message_writer.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import type { Extension } from "../../wire/handshake.ts";
import { mutate, randomFrom, SEED } from "../fuzz/support.ts";
import { writeRawRequest } from "../support/raw_request.ts";
import { noExtension } from "../support/server_message.ts";
import { build, type Line, readLines } from "../support/vectors.ts";

/** Where messages are written and read: at an odd place, with bytes around them. */
const START = 5;

/** The value of a line: a variant, and its fields. */
interface Value {
  readonly v: string;
  readonly f: {
    readonly id: number;
    readonly internal: string;
    readonly archive: string;
    readonly bytes: number;
    readonly failed: boolean;
    readonly code: { readonly v: RpcHandlerErrorCode };
    readonly output: { readonly ok: string };
  };
}
type Side = "client" | "server";
interface Vector {
  readonly name: string;
  readonly side: Side;
  readonly hex: string;
  readonly value: Value;
  readonly schema: Schema<unknown>;
}

const VECTORS: readonly Vector[] = readLines("values.jsonl")
  .filter(({ name }) => name.startsWith("x1/"))
  .map((line: Line) => ({
    name: line.name,
    side: line.name.split("/")[1] as Side,
    hex: line.hex,
    value: line.value as Value,
    ...build(line.schema),
  }));

/** The contents of a message, by the notifications of either reader. */
type Said = readonly unknown[];

/** Rust's decoding of a message. */
function expected({ v, f }: Value): Said {
  const { id, internal, archive, bytes, failed, code, output } = f;
  return [v, id, internal ?? archive ?? bytes ?? failed ?? code?.v ?? output?.ok ?? ""];
}

const CLIENT_KINDS = ["RPCRequest", "Cancel", "Item", "End", "Grant", "Reply", "Failed"];

function read(side: Side, archive: Uint8Array, extension: Extension): Said {
  const reader = new Reader();
  const bytes = new Uint8Array(START + archive.length + 3).fill(0xbb);
  bytes.set(archive, START);
  reader.reset(bytes);
  const end = START + archive.length;
  const slice = (start: number, end: number) => encodeHex(bytes.subarray(start, end));
  if (side === "client") {
    const message = new ClientMessage();
    readClientMessage(reader, START, end, message, extension);
    const { kind, id, start, bytes, failed, code } = message;
    const name = CLIENT_KINDS[kind]!;
    const what = { Cancel: "", End: failed, Grant: bytes, Failed: code }[name];
    return [name, id, what ?? slice(start, message.end)];
  }
  let said: Said = [];
  const handlers: ServerExtensionHandlers = [
    (id, start, end) => said = ["Item", id, slice(start, end)],
    (id, bytes) => said = ["Grant", id, bytes],
    (id, start, end) => said = ["Call", id, slice(start, end)],
    (id) => said = ["Cancel", id, ""],
  ];
  readServerMessage(reader, START, end, [
    (id, error, start, end) => said = ["RPCResponse", id, error ?? slice(start, end)],
    () => said = ["NewEvent"],
    () => said = ["StateChange"],
    extension === 0
      ? noExtension(reader)
      : (kind, at) => readServerExtension(reader, kind, at, handlers),
  ]);
  return said;
}

function write(side: Side, { v, f }: Value): string {
  const writer = new Writer(1);
  writer.writeBytes(new Uint8Array(START).fill(0xaa));
  writer.position = writer.base = START;
  const { id, bytes, failed, code } = f;
  // An array of bytes is archived as these bytes and nothing else.
  const carried = decodeHex(f.archive ?? f.internal ?? f.output?.ok ?? "");
  const any = array(u8, carried.length);
  const values = [...carried];
  const writers: Record<string, () => void> = side === "client"
    ? {
      RPCRequest: () => writeRawRequest(writer, id, carried),
      Cancel: () => writeClientCancel(writer, id),
      Item: () => writeClientItem(interpret, writer, id, any, values),
      End: () => writeClientEnd(writer, id, failed),
      Grant: () => writeClientGrant(writer, id, bytes),
      Reply: () => writeReply(interpret, writer, id, any, values),
      Failed: () => writeFailed(writer, id, code.v),
    }
    : {
      RPCResponse: () => writeRawResponse(writer, id, carried),
      Item: () => writeServerItem(interpret, writer, id, any, values),
      Grant: () => writeServerGrant(writer, id, bytes),
      Call: () => writeServerCall(interpret, writer, id, any, values),
      Cancel: () => writeServerCancel(writer, id),
    };
  writers[v]!();
  return encodeHex(writer.bytes.subarray(START, writer.position));
}

test("the vectors have every variant of both sides", () => {
  const variants = (side: Side) =>
    new Set(VECTORS.filter((each) => each.side === side).map(({ value }) => value.v));
  assertEquals([...variants("client")], CLIENT_KINDS);
  assertEquals([...variants("server")], ["RPCResponse", "Item", "Grant", "Call", "Cancel"]);
});

for (const { name, side, hex, value } of VECTORS) {
  test(`messages of the extension are written as Rust writes ${name}`, () => {
    assertEquals(write(side, value), hex);
  });
  test(`messages of the extension are read from Rust's ${name}`, () => {
    assertEquals(read(side, decodeHex(hex), 1), expected(value));
  });
}

for (const { name, side, hex, value } of VECTORS.filter(({ name }) => name.endsWith("/0"))) {
  const isOld = value.v.startsWith("RPC");
  test(`without the extension ${name} is ${isOld ? "read" : "refused"}`, () => {
    if (isOld) return assertEquals(read(side, decodeHex(hex), 0), expected(value));
    const error = assertThrows(() => read(side, decodeHex(hex), 0), CodecError) as CodecError;
    assertEquals(error.code, "InvalidTag");
  });
}

for (const [side, first, bytes] of [["client", 7, 12], ["server", 7, 24]] as const) {
  test(`a ${side}'s messages have no variants from ${first} on`, () => {
    for (let kind = first; kind < 256; kind++) {
      const root = new Uint8Array(bytes);
      root[0] = kind;
      const error = assertThrows(() => read(side, root, 1), CodecError) as CodecError;
      assertEquals(error.code, "InvalidTag");
    }
  });
}

test(`damaged messages of the extension get the verdict of their enum (seed ${SEED})`, () => {
  const random = randomFrom(SEED);
  let [accepted, refused] = [0, 0];
  for (const { name, side, hex, schema } of VECTORS) {
    for (let i = 0; i < 60; i++) {
      const damaged = mutate(decodeHex(hex), random);
      const where = `${name}, seed ${SEED}: ${encodeHex(damaged)}`;
      const verdict = outcome(() => decode(schema, damaged));
      const ours = outcome(() => read(side, damaged, 1));
      if (verdict instanceof CodecError) {
        refused++;
        assert(ours instanceof CodecError, where);
        assertEquals(ours.code, verdict.code, where);
      } else {
        accepted++;
        assert(!(ours instanceof CodecError), where);
        assertEquals((ours as Said)[0], (verdict as { type: string }).type, where);
      }
    }
  }
  assert(accepted > 500 && refused > 500);
});

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
}
