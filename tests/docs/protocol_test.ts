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
import { writeEventOf, writeRequest, writeResponse } from "../../wire/messages.ts";
import { Topic } from "../../wire/topic.ts";
import { writeStateChange } from "../support/state_change.ts";

const text = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");

/** The bytes at the beginning of a line, before what explains them. */
const BYTES = /^[0-9a-f]{2}(?: [0-9a-f]{2})*(?= {2}|$)/;

const documented = [...text.matchAll(/^```hex\n([\s\S]*?)^```$/gm)].map(([, block]) =>
  block!.trimEnd().split("\n").map((line) => BYTES.exec(line)![0].replaceAll(" ", "")).join("")
);

const increment = Counter.methods[1]!;
const topic = Topic.from(Uint8Array.of(0xc0, 1, 2, 3, 4, 5, 6, 7));

const MESSAGES: readonly [name: string, write: (writer: Writer) => void][] = [
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
];

test("PROTOCOL.md has one block of bytes for each message of its exchange", () => {
  assertEquals(documented.length, MESSAGES.length);
});

for (const [i, [name, write]] of MESSAGES.entries()) {
  test(`PROTOCOL.md shows the ${name} that is sent`, () => {
    const writer = new Writer(64);
    write(writer);
    const archive = writer.bytes.subarray(0, writer.position);
    const message = new Uint8Array(storedSize(archive.length));
    deflateStored(archive, message);
    assertEquals(documented[i], encodeHex(message));
  });
}

test("PROTOCOL.md shows the counter's fingerprint and what it is made of", () => {
  assertEquals(text.includes(`?hl=${formatFingerprint(Counter.fingerprint)} HTTP`), true);
  assertEquals(text.includes(`\`${signature(Counter.calls)}->unit,unit,unit,u32\``), true);
  assertEquals(text.includes(`\`${signature(Counter.event!)}\``), true);
});
