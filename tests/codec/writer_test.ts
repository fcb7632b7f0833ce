import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { interpret } from "../../codec/archive.ts";
import { bytes, decode, struct, u32 } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { takeWriter } from "../../wire/shared_message.ts";

test("what is written first into a large buffer lies more than 15 bytes from the start of its memory", () => {
  const Put = struct({ id: u32, data: bytes });
  const data = Uint8Array.from({ length: 70_000 }, (_, i) => i * i);
  for (const writer of [new Writer(), takeWriter()]) {
    const { position } = writer;
    interpret.write(writer, Put, { id: 7, data });
    assertEquals((writer.bytes.byteOffset + position) % 4096 >= 16, true);
    const archive = writer.bytes.slice(position, writer.position);
    assertEquals(decode(Put, archive), { id: 7, data });
    assertEquals(writer.view.byteLength, writer.bytes.length);
  }
});
