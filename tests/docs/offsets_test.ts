import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { interpret } from "../../codec/archive.ts";
import { encode, u32 } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { deflateStored, storedSize } from "../../deflate/stored.ts";
import { Counter } from "../../examples/counter/service.ts";
import {
  writeClientEnd,
  writeClientGrant,
  writeClientItem,
  writeRequest,
} from "../../wire/client_message_writer.ts";
import { writeClientCancel } from "../support/client_cancel.ts";
import {
  CLIENT_MESSAGE_BYTES,
  RPC_REQUEST,
  SERVER_MESSAGE_BYTES,
  STATE_UPDATE_BYTES,
} from "../../wire/layout.ts";
import {
  writeServerCall,
  writeServerCancel,
  writeServerGrant,
  writeServerItem,
} from "../../wire/server_extension.ts";
import {
  writeErrorResponse,
  writeEventOf,
  writeResponse,
} from "../../wire/server_message_writer.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import { beginRoom, shortenRequest } from "../../wire/short_message.ts";
import { Topic } from "../../wire/topic.ts";
import { writeStateChange } from "../support/state_change.ts";
import { plain, rowsOf } from "./tables.ts";

const REQUEST = "offset | bytes | `RPCRequest`";
const SERVER = "offset | bytes | `RPCResponse`: tag 0 | `NewEvent`: tag 1 | `StateChange`: tag 2";
const FIELDS = "offset | bytes | field";
const CLIENT_X1 = "tag | message | offset 1 | offset 2 | offset 4 | offset 8";
const SERVER_X1 = "tag | message | offset 1 | offset 4 | offset 8";

/** The bytes that are written. */
function written(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer(64);
  write(writer);
  return writer.bytes.slice(0, writer.position);
}

function numberAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
  return value;
}

/** A pointer as it is read without its sign. */
const back = (bytes: number): number => 2 ** 32 - bytes;

const increment = Counter.methods[1]!;

test("PROTOCOL.md says what is where in RPCRequest", () => {
  const message = written((writer) =>
    writeRequest(interpret, writer, 7, increment.call, { amount: 5 })
  );
  const root = message.length - CLIENT_MESSAGE_BYTES;
  const expected: Readonly<Record<string, number>> = {
    "tag 0": 0,
    "id": 7,
    "–": 0,
    "pointer to the call's archive": back(root + 4),
    "its length": 8,
  };
  let at = 0;
  for (const [offset, bytes, what] of rowsOf(REQUEST)) {
    assertEquals(Number(offset), at);
    assertEquals([what, numberAt(message, root + at, Number(bytes))], [what, expected[what!]]);
    at += Number(bytes);
  }
  assertEquals(at, CLIENT_MESSAGE_BYTES);
});

test("PROTOCOL.md says what is where in messages from the server", () => {
  const topic = Topic.from("ab");
  const event = { type: "serverSentTest" } as const;
  const ok = written((writer) => writeResponse(interpret, writer, 7, u32, 5));
  const err = written((writer) => writeErrorResponse(writer, 7, "HandlerPanicked"));
  const newEvent = written((writer) =>
    writeEventOf(interpret, writer, topic, Counter.event!, event)
  );
  const change = written((writer) =>
    writeStateChange(writer, [{ index: 3, data: encode(u32, 5) }, {
      index: 4,
      data: encode(u32, 6),
    }])
  );
  const root = (message: Uint8Array): number => message.length - SERVER_MESSAGE_BYTES;
  /** The field of each cell, in a message that has it. */
  const expected: Readonly<Record<string, readonly [message: Uint8Array, value: number]>> = {
    "id": [ok, 7],
    "1 byte: 0 Ok, 1 Err": [err, 1],
    "Err: the [code](#7-error-codes)": [err, 10],
    "Ok: pointer to the output's archive": [ok, back(root(ok) + 8)],
    "Ok: its length": [ok, 4],
    "1": [newEvent, 1],
    "pointer to the topic": [newEvent, back(root(newEvent) + 4)],
    "the topic's length": [newEvent, 2],
    "1 byte: 1 text, 0 bytes": [newEvent, 1],
    "pointer to the event": [newEvent, back(root(newEvent) + 16 - 2)],
    "its length": [newEvent, 12],
    "2": [change, 2],
    "pointer to the updates": [change, back(root(change) + 4 - 8)],
    "count of updates": [change, 2],
  };
  const columns = [ok, newEvent, change];
  for (const [offset, bytes, ...says] of rowsOf(SERVER)) {
    for (const [i, cell] of says.map(plain).entries()) {
      const count = cell.startsWith("1 byte") ? 1 : Number(bytes);
      const [message, value] = cell === "–" || cell === "" || cell === "0"
        ? [columns[i]!, 0]
        : expected[cell] ?? [columns[i]!, Number.NaN];
      // Of an event's topic, this byte is the low one of the pointer to it.
      if (cell === "" && offset === "5") continue;
      const got = numberAt(message, root(message) + Number(offset), count);
      assertEquals([offset, cell, got], [offset, cell, value]);
    }
  }
});

test("PROTOCOL.md says what is where in a stored block, and in a state update", () => {
  const archive = Uint8Array.of(1, 2, 3);
  const message = new Uint8Array(storedSize(archive.length));
  deflateStored(archive, message);
  const [block, update] = [rowsOf(FIELDS, 0), rowsOf(FIELDS, 1)];
  assertEquals(block, [
    ["0", "1", "`01`: final, stored"],
    ["1", "2", "length of what follows"],
    ["3", "2", "the same, all bits inverted"],
    ["5", "n", "the archive, up to 65,535 bytes"],
  ]);
  assertEquals([numberAt(message, 0, 1), numberAt(message, 1, 2), numberAt(message, 3, 2)], [
    1,
    3,
    0xffff - 3,
  ]);
  assertEquals([...message.subarray(5)], [1, 2, 3]);

  const change = written((writer) =>
    writeStateChange(writer, [{ index: 3, data: encode(u32, 5) }])
  );
  const at = change.length - SERVER_MESSAGE_BYTES - STATE_UPDATE_BYTES;
  const expected: Readonly<Record<string, number>> = {
    "pointer to the field's archive": back(at),
    "its length": 4,
    "the field's index": 3,
  };
  for (const [offset, bytes, what] of update) {
    const got = numberAt(change, at + Number(offset), Number(bytes));
    assertEquals([what, got], [what, expected[what!]]);
  }
});

test("PROTOCOL.md says what is where in the messages of x1", () => {
  const call = { amount: 5 };
  const messages: Readonly<Record<string, readonly [root: number, Uint8Array]>> = {
    "client Cancel": [12, written((w) => writeClientCancel(w, 7))],
    "client Item": [12, written((w) => void writeClientItem(interpret, w, 7, u32, 5))],
    "client End": [12, written((w) => writeClientEnd(w, 7, true))],
    "client Grant": [12, written((w) => writeClientGrant(w, 7, 1000, 900))],
    "client Reply": [12, written((w) => writeReply(interpret, w, 7, u32, 5))],
    "client Failed": [12, written((w) => writeFailed(w, 7, "HandlerPanicked"))],
    "server Item": [24, written((w) => void writeServerItem(interpret, w, 7, u32, 5))],
    "server Grant": [24, written((w) => writeServerGrant(w, 7, 1000, 900))],
    "server Call": [
      24,
      written((w) => writeServerCall(interpret, w, 7, increment.call, call)),
    ],
    "server Cancel": [24, written((w) => writeServerCancel(w, 7))],
  };
  let seen = 0;
  for (const side of ["client", "server"]) {
    const head = side === "client" ? CLIENT_X1 : SERVER_X1;
    const offsets = head.split(" | ").slice(2).map((name) => Number(name.replace("offset ", "")));
    for (const [tag, name, ...says] of rowsOf(head)) {
      const [rootBytes, message] = messages[`${side} ${plain(name!)}`]!;
      const root = message.length - rootBytes;
      assertEquals(message[root], Number(tag), name);
      seen++;
      for (const [i, offset] of offsets.entries()) {
        const cell = says[i]!;
        const expected: Readonly<Record<string, readonly [bytes: number, value: number]>> = {
          "": [offset === 1 ? 1 : offset === 2 ? 2 : 4, 0],
          "id": [1, 7],
          "1 byte: 1 broke": [1, 1],
          "1 byte: code": [1, 10],
          "bytes, `u32`": [4, 1000],
          "of them for a wider window, `u32`": [4, 900],
          "pointer to the archive": [4, back(root + offset)],
          "its length": [4, name!.includes("Call") ? 8 : 4],
        };
        const [bytes, value] = expected[cell]!;
        assertEquals([name, cell, numberAt(message, root + offset, bytes)], [name, cell, value]);
      }
    }
  }
  assertEquals(seen, Object.keys(messages).length);
});

test("PROTOCOL.md says what is where in a short message", () => {
  const call = written((writer) => {
    beginRoom(writer);
    writeRequest(interpret, writer, 7, increment.call, { amount: 5 });
    shortenRequest(writer);
  }).subarray(1);
  // 8 bytes, of which the last 3 are zero.
  const expected = [8 * RPC_REQUEST + 7, 7, 5, 3];
  const rows = rowsOf(FIELDS, 2);
  assertEquals(rows.map(([offset, bytes, what]) => [offset, bytes, what!.split(" ")[0]]), [
    ["0", "1", "8"],
    ["1", "1", "id"],
    ["2", "1", "n"],
    ["3", "1", "from"],
    ["4", "n", "the"],
  ]);
  assertEquals(rows.slice(0, 4).map(([offset]) => call[Number(offset)]), expected);
  assertEquals(call.length, 4 + expected[2]!);
});
