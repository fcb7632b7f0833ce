import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { test } from "node:test";
import { interpret } from "../../codec/archive.ts";
import { array, CodecError, u8 } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import type { ProtocolError } from "../../wire/errors.ts";
import {
  ClientMessage,
  readClientMessage,
  readShortMessage,
} from "../../wire/client_message_reader.ts";
import { writeClientGrant, writeClientItem } from "../../wire/client_message_writer.ts";
import { writeClientCancel } from "../support/client_cancel.ts";
import { CLIENT_ITEM, RAW, RPC_REQUEST } from "../../wire/layout.ts";
import {
  writeServerCall,
  writeServerCancel,
  writeServerGrant,
  writeServerItem,
} from "../../wire/server_extension.ts";
import { writeErrorResponse, writeRawResponse } from "../../wire/server_message_writer.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import { receive } from "../../wire/receiver.ts";
import { frame, giveWriter, takeWriter } from "../../wire/shared_message.ts";
import { isShort, shortenAnswer, shortenRequest } from "../../wire/short_message.ts";
import { mutate, randomFrom, SEED } from "../fuzz/support.ts";
import { writeRawRequest } from "../support/raw_request.ts";
import { archivesOf, isShortMessage, type Sender } from "../support/short_messages.ts";
import { testDeflater } from "../support/test_deflater.ts";

type Write = (writer: Writer, mayBeShort: boolean) => void;

/** A message on the wire, and its archive. */
function send(sender: Sender, write: Write): { message: Uint8Array; archive: Uint8Array } {
  const whole = new Writer();
  write(whole, false);
  const archive = whole.written().slice();
  const writer = takeWriter();
  try {
    write(writer, true);
    if (!isShort(writer)) (sender === "client" ? shortenRequest : shortenAnswer)(writer);
    return { message: (frame(writer, testDeflater, 0) as Uint8Array).slice(), archive };
  } finally {
    giveWriter(writer);
  }
}

const item = (carried: readonly number[]) => array(u8, carried.length);
const CARRIERS: readonly (readonly [
  name: string,
  sender: Sender,
  write: (writer: Writer, id: number, carried: readonly number[], mayBeShort: boolean) => void,
])[] = [
  [
    "RPCRequest",
    "client",
    (writer, id, carried) => writeRawRequest(writer, id, Uint8Array.from(carried)),
  ],
  [
    "Item",
    "client",
    (writer, id, carried) => writeClientItem(interpret, writer, id, item(carried), [...carried]),
  ],
  [
    "RPCResponse",
    "server",
    (writer, id, carried) => writeRawResponse(writer, id, Uint8Array.from(carried)),
  ],
  [
    "Item",
    "server",
    (writer, id, carried, mayBeShort) =>
      writeServerItem(interpret, writer, id, item(carried), [...carried], mayBeShort),
  ],
];

for (const [name, sender, write] of CARRIERS) {
  test(`a ${sender}'s ${name} of up to 127 bytes is short, and stands for the same archive`, () => {
    for (let length = 0; length < 200; length++) {
      const carried = Array.from({ length }, (_, i) => i % 5 === 0 ? 0 : i);
      if (length > 0) carried[length - 1] = 1;
      const { message, archive } = send(
        sender,
        (writer, may) => write(writer, length, carried, may),
      );
      assertEquals(isShortMessage(message), length <= 127);
      assertEquals(archivesOf(message, sender), [archive]);
      if (length <= 127) assertEquals(message.length, 4 + length);
    }
  });

  test(`a ${sender}'s ${name} ${sender === "client" ? "leaves out" : "has"} zeros at its end`, () => {
    for (let length = 0; length < 400; length++) {
      const carried = [3, ...new Array<number>(length).fill(0)];
      const { message, archive } = send(sender, (writer, may) => write(writer, 255, carried, may));
      const isShort = length < (sender === "client" ? 382 : 127);
      assertEquals(isShortMessage(message), isShort);
      assertEquals(archivesOf(message, sender), [archive]);
      if (isShort && sender === "client") {
        assertEquals(message.length, 5 + Math.max(0, length - 255));
      }
    }
  });
}

const LONG: readonly (readonly [name: string, sender: Sender, Write])[] = [
  ["Cancel", "client", (writer) => writeClientCancel(writer, 1)],
  ["Grant", "client", (writer) => writeClientGrant(writer, 1, 9)],
  ["Reply", "client", (writer) => writeReply(interpret, writer, 1, u8, 9)],
  ["Failed", "client", (writer) => writeFailed(writer, 1, "HandlerPanicked")],
  [
    "RPCResponse that is an error",
    "server",
    (writer) => writeErrorResponse(writer, 1, "TooManyCallsInFlight"),
  ],
  ["Grant", "server", (writer) => writeServerGrant(writer, 1, 9)],
  ["Call", "server", (writer) => writeServerCall(interpret, writer, 1, u8, 9)],
  ["Cancel", "server", (writer) => writeServerCancel(writer, 1)],
];

for (const [name, sender, write] of LONG) {
  test(`a ${sender}'s ${name} is never short`, () => {
    const { message, archive } = send(sender, write);
    assertEquals(isShortMessage(message), false);
    assertEquals(archivesOf(message, sender), [archive]);
  });
}

test("a writer that held a short message holds a long one after it", () => {
  send("client", (writer) => writeRawRequest(writer, 1, Uint8Array.of(1)));
  assertEquals(
    isShortMessage(send("client", (writer) => writeClientCancel(writer, 1)).message),
    false,
  );
});

/** Messages to a server, and their faults. */
function hear(message: Uint8Array, mayBeMore = true): string[] {
  const reader = new Reader();
  const heard: string[] = [];
  const into = new ClientMessage();
  const limits = { maxMessageBytes: 100_000, maxInflatedBytes: 100_000 };
  for (let rest = message; rest.length > 0;) {
    const taken = receive(rest, { deflater: testDeflater, limits }, {
      onArchive(bytes, start, end, isShort) {
        if (isShort) readShortMessage(reader, bytes, start, end, into);
        else {
          reader.reset(bytes);
          readClientMessage(reader, start, end, into, 1);
        }
        const { kind, id } = into;
        heard.push(`${kind} ${id} ${encodeHex(reader.bytes.slice(into.start, into.end))}`);
      },
      onProtocolError: ({ code, closeCode }: ProtocolError) => heard.push(`${code} ${closeCode}`),
    }, mayBeMore);
    rest = rest.subarray(taken);
  }
  return heard;
}

test("short messages and others are read one after the other", () => {
  const messages = [
    "07 01 03 02 0a0b0c",
    "17 02 00 00",
    "01 0c 00 f3 ff 01 03 00 00 00 00 00 00 00 00 00 00",
    "07 ff 00 04",
  ].map((hex) => decodeHex(hex.replaceAll(" ", "")));
  assertEquals(hear(Uint8Array.from(messages.flatMap((message) => [...message]))), [
    "0 1 0a0b0c0000",
    "2 2 ",
    "1 3 ",
    "0 255 00000000",
  ]);
});

test("a short message that is cut anywhere is refused", () => {
  const whole = decodeHex("0701100000000000010000000200000003000000");
  for (let length = 1; length < whole.length; length++) {
    assertEquals(hear(whole.subarray(0, length)), ["BadMessage 4002"], `${length} bytes`);
    // Bytes beyond its stated length are the next message.
    const shorter = whole.slice();
    shorter[2] = length;
    if (length < 16) assertEquals(hear(shorter)[0], `0 1 ${encodeHex(whole.slice(4, 4 + length))}`);
  }
});

test("a short message of another kind is refused", () => {
  for (let kind = 0; kind < 32; kind++) {
    const heard = hear(Uint8Array.of(kind << 3 | 7, 1, 0, 0));
    const isKnown = kind === RPC_REQUEST || kind === CLIENT_ITEM || kind === RAW;
    assertEquals(heard, [isKnown ? `${kind} 1 ` : "BadMessage 4002"]);
  }
});

test("a short message where there may be none is no DEFLATE stream", () => {
  assertEquals(hear(decodeHex("07010100aa"), false), ["BadDeflate 4002"]);
});

test(`damaged short messages are read or refused, and read no byte behind them (seed ${SEED})`, () => {
  const random = randomFrom(SEED);
  let [read, refused] = [0, 0];
  for (let i = 0; i < 3000; i++) {
    const carried = Array.from({ length: random(40) }, () => random(256));
    const { message } = send(
      "client",
      (writer) => writeRawRequest(writer, 7, Uint8Array.from(carried)),
    );
    const damaged = mutate(message, random);
    for (const said of hear(damaged)) said.startsWith("Bad") ? refused++ : read++;
  }
  assert(read > 500 && refused > 500, `${read}, ${refused}`);
});

test("readShortMessage() says which kind it is not", () => {
  const reader = new Reader();
  const error = assertThrows(
    () => readShortMessage(reader, Uint8Array.of(15, 1, 0, 0), 0, 4, new ClientMessage()),
    CodecError,
  ) as CodecError;
  assertEquals(error.code, "InvalidTag");
});
