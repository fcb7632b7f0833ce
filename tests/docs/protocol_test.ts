import { signature } from "../../codec/signature.ts";
import { interpret } from "../../codec/archive.ts";
import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encode, u32 } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { deflateStored, storedSize } from "../../deflate/stored.ts";
import { Counter } from "../../examples/counter/service.ts";
import { formatFingerprint } from "../../wire/handshake.ts";
import {
  writeClientEnd,
  writeClientGrant,
  writeClientItem,
  writeRequest,
} from "../../wire/client_message_writer.ts";
import { writeClientCancel } from "../support/client_cancel.ts";
import {
  writeServerCall,
  writeServerCancel,
  writeServerGrant,
  writeServerItem,
} from "../../wire/server_extension.ts";
import { writeEventOf, writeResponse } from "../../wire/server_message_writer.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import { plain, rowsOf } from "./tables.ts";
import { Sender } from "../../wire/sender.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { beginRoom, isShort, shortenAnswer, shortenRequest } from "../../wire/short_message.ts";
import { Topic } from "../../wire/topic.ts";
import { writeStateChange } from "../support/state_change.ts";

const text = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");

/** The bytes at the beginning of a line, before their explanation. */
const BYTES = /^[0-9a-f]{2}(?: [0-9a-f]{2})*(?= {2}|$)/;

const documented = [...text.matchAll(/^```hex\n([\s\S]*?)^```$/gm)].map(([, block]) =>
  block!.trimEnd().split("\n").map((line) => BYTES.exec(line)![0].replaceAll(" ", "")).join("")
);

const increment = Counter.methods[1]!;
const topic = Topic.from(Uint8Array.of(0xc0, 1, 2, 3, 4, 5, 6, 7));

type Write = (writer: Writer) => void;

/** Messages, each separate, or several in one WebSocket message. */
const MESSAGES: readonly [name: string, ...writes: Write[]][] = [
  ["RPCRequest", (writer) => writeRequest(interpret, writer, 1, increment.call, { amount: 5 })],
  [
    "NewEvent",
    (writer) =>
      writeEventOf(interpret, writer, topic, Counter.event!, {
        type: "incremented",
        to: 5,
        from: 0,
      }),
  ],
  ["StateChange", (writer) => writeStateChange(writer, [{ index: 0, data: encode(u32, 5) }])],
  ["RPCResponse", (writer) => writeResponse(interpret, writer, 1, increment.output, undefined)],
  [
    "client's messages of x1",
    (writer) => writeClientItem(interpret, writer, 7, u32, 5),
    (writer) => writeClientEnd(writer, 7, true),
    (writer) => writeClientGrant(writer, 8, 327_680, 262_144),
    (writer) => writeClientCancel(writer, 8),
    (writer) => writeReply(interpret, writer, 0, u32, 5),
    (writer) => writeFailed(writer, 1, "HandlerPanicked"),
  ],
  [
    "server's messages of x1",
    (writer) => writeServerItem(interpret, writer, 8, u32, 5),
    (writer) => writeServerGrant(writer, 7, 131_072),
    (writer) => writeServerCall(interpret, writer, 0, increment.call, { amount: 5 }),
    (writer) => writeServerCancel(writer, 0),
  ],
];

/** Short messages, several that are one WebSocket message. */
const SHORT_MESSAGES: readonly [name: string, shorten: Write, ...writes: Write[]][] = [
  [
    "client's short messages",
    shortenRequest,
    (writer) => writeRequest(interpret, writer, 1, increment.call, { amount: 5 }),
    (writer) => writeClientItem(interpret, writer, 7, u32, 5),
  ],
  [
    "server's short messages",
    shortenAnswer,
    (writer) => writeResponse(interpret, writer, 1, increment.output, undefined),
    (writer) => writeServerItem(interpret, writer, 8, u32, 5, true),
  ],
];

test("PROTOCOL.md has one block of bytes for each message of its exchange", () => {
  assertEquals(documented.length, MESSAGES.length + SHORT_MESSAGES.length + 1);
});

test("PROTOCOL.md shows what is sent around raw items", () => {
  const sent: string[] = [];
  const transport = {
    bufferedAmount: 0,
    send: (message: Uint8Array) => void sent.push(encodeHex(message)),
    close() {},
    terminate() {},
  };
  const sender = new Sender(transport, { deflater: testDeflater, level: 0 }, { onSendError() {} });
  const item = new Uint8Array(16_385);
  sender.sendRaw(8, item);
  sender.sendRaw(8, item);
  const writer = sender.begin();
  writer.writeBytes(item);
  sender.commit(writer);
  const [on, first, second, off, message] = sent;
  assertEquals([first, second], [encodeHex(item), encodeHex(item)]);
  assertEquals(message?.slice(0, 10), "010140febf");
  assertEquals(documented.at(-1), `${on}${off}`);
  const fields = rowsOf("offset | bytes | field of `Raw`").map(([, , field]) => plain(field!));
  assertEquals(fields.map((field) => field.split(" ")[0]), ["3f", "id", "0", "1:"]);
  assertEquals([on, off], ["3f080001", "3fff0000"]);
});

for (const [i, [name, ...writes]] of MESSAGES.entries()) {
  test(`PROTOCOL.md shows the ${name} that is sent`, () => {
    const messages = writes.map((write) => {
      const writer = new Writer(64);
      write(writer);
      const archive = writer.bytes.subarray(0, writer.position);
      const message = new Uint8Array(storedSize(archive.length));
      deflateStored(archive, message);
      return encodeHex(message);
    });
    assertEquals(documented[i], messages.join(""));
  });
}

for (const [i, [name, shorten, ...writes]] of SHORT_MESSAGES.entries()) {
  test(`PROTOCOL.md shows the ${name} that are sent`, () => {
    const messages = writes.map((write) => {
      const writer = new Writer(64);
      beginRoom(writer);
      write(writer);
      if (!isShort(writer)) shorten(writer);
      assertEquals(isShort(writer), true);
      return encodeHex(writer.bytes.subarray(1, writer.position));
    });
    assertEquals(documented[MESSAGES.length + i], messages.join(""));
  });
}

test("PROTOCOL.md shows the counter's fingerprint and what it is made of", () => {
  assertEquals(text.includes(`?hl=${formatFingerprint(Counter.fingerprint)} HTTP`), true);
  assertEquals(text.includes(`\`${signature(Counter.calls)}->unit,unit,unit,u32\``), true);
  assertEquals(text.includes(`\`${signature(Counter.event!)}\``), true);
});
