import { describe, test } from "node:test";
import { assertEquals, assertNotEquals } from "@std/assert";
import { FrameReader } from "../../runtime/websocket/frame_reader.ts";
import { FrameWriter } from "../../runtime/websocket/frame_writer.ts";
import { closePayload, Opcode, truncateReason } from "../../runtime/websocket/frames.ts";
import { readClientFrames } from "../support/scripted_server.ts";

/** Of several messages in one, as PROTOCOL.md says. */
const MAX_BATCH_BYTES = 16_384;

const pattern = (size: number): Uint8Array => new Uint8Array(size).map((_, i) => i * 31 + 7);

/** A socket's Buffer, whose `slice` does not copy, as a plain array. */
const take = (writer: FrameWriter): Uint8Array<ArrayBuffer> => {
  const { buffer, byteOffset, length } = writer.take();
  return new Uint8Array(buffer, byteOffset, length);
};

describe("FrameWriter.append()", () => {
  for (const size of [0, 1, 3, 4, 47, 48, 49, 50, 51, 125, 126, 127, 65_535, 65_536, 200_001]) {
    test(`writes ${size} bytes that unmask to what was given, at any offset`, () => {
      for (let before = 0; before < 4; before++) {
        const writer = new FrameWriter("client");
        writer.append(Opcode.Ping, pattern(before));
        writer.append(Opcode.Binary, pattern(size));
        const { frames, used } = readClientFrames(take(writer));
        assertEquals(frames, [
          { opcode: Opcode.Ping, payload: pattern(before) },
          { opcode: Opcode.Binary, payload: pattern(size) },
        ]);
        assertEquals(used, headerBytes(before) + before + headerBytes(size) + size);
      }
    });
  }

  for (const size of [0, 1, 125, 126, 65_535, 65_536]) {
    test(`writes ${size} bytes as they are for a server`, () => {
      const writer = new FrameWriter("server");
      writer.append(Opcode.Binary, pattern(size));
      const frame = take(writer);
      const header = headerBytes(size) - 4;
      assertEquals(frame.length, header + size);
      assertEquals(frame[0], 0x82);
      assertEquals(frame[1], size < 126 ? size : size < 65_536 ? 126 : 127);
      assertEquals(frame.slice(header), pattern(size));
    });
  }

  for (const size of [1 << 24, (1 << 24) + 1, 2 << 24, (2 << 24) + 5]) {
    test(`writes ${size} bytes of a client in frames of at most 16 MiB, which join again`, () => {
      const payload = new Uint8Array(size);
      for (let i = 0; i < size; i += 997) payload[i] = i;
      const writer = new FrameWriter("client");
      writer.append(Opcode.Binary, payload);
      const bytes = take(writer);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const sizes: number[] = [];
      for (let at = 0; at < bytes.length;) {
        const short = view.getUint8(at + 1) & 0x7f;
        const length = short < 126 ? short : Number(view.getBigUint64(at + 2));
        sizes.push(length);
        at += headerBytes(length) + length;
      }
      assertEquals(sizes.length, Math.ceil(size / (1 << 24)));
      assertEquals(Math.max(...sizes) <= 1 << 24, true);
      let differing = -1;
      const sink = {
        onBinary(message: Uint8Array): void {
          differing = message.length === size
            ? message.findIndex((byte, i) => byte !== payload[i])
            : -2;
          joined++;
        },
        onPing() {},
        onClose() {},
      };
      let joined = 0;
      new FrameReader("client", sink, size, 1009).push(bytes);
      assertEquals({ joined, differing }, { joined: 1, differing: -1 });
    });
  }

  test("writes 16 MiB and more of a server in one frame", () => {
    const writer = new FrameWriter("server");
    writer.append(Opcode.Binary, new Uint8Array((1 << 24) + 1));
    const frame = take(writer);
    assertEquals([frame.length, frame[0]], [(1 << 24) + 11, 0x82]);
  });

  test("draws a fresh mask for each frame", () => {
    const writer = new FrameWriter("client");
    writer.append(Opcode.Binary, new Uint8Array(64));
    writer.append(Opcode.Binary, new Uint8Array(64));
    const bytes = take(writer);
    assertNotEquals(bytes.slice(2, 6), bytes.slice(72, 76));
  });

  test("copies: the payload may change at once", () => {
    const writer = new FrameWriter("client");
    const payload = pattern(100);
    writer.append(Opcode.Binary, payload);
    payload.fill(0);
    assertEquals(readClientFrames(take(writer)).frames[0]?.payload, pattern(100));
  });
});

describe("FrameWriter.take()", () => {
  test("leaves what was taken alone until it is recycled", () => {
    const writer = new FrameWriter("client");
    writer.append(Opcode.Binary, pattern(10));
    const first = take(writer);
    writer.append(Opcode.Binary, pattern(20));
    const second = take(writer);
    writer.append(Opcode.Binary, pattern(30));
    assertEquals(readClientFrames(first).frames[0]?.payload, pattern(10));
    assertEquals(readClientFrames(second).frames[0]?.payload, pattern(20));
    assertEquals(readClientFrames(take(writer)).frames[0]?.payload, pattern(30));
  });

  test("keeps buffers of a few sizes, and no larger ones", () => {
    for (const size of [10, 1024, 4096, 20_000, 65_536, 200_000, 1 << 20, 2 << 20]) {
      const writer = new FrameWriter("server");
      writer.append(Opcode.Binary, pattern(size));
      const first = take(writer);
      writer.recycle(first);
      writer.append(Opcode.Binary, pattern(size));
      const second = take(writer);
      assertEquals(second.slice(-size), pattern(size));
      assertEquals(second.buffer === first.buffer, size <= 1 << 20);
    }
  });

  test("reuses a recycled buffer for any writer", () => {
    const writer = new FrameWriter("client");
    writer.append(Opcode.Binary, pattern(10));
    const first = take(writer);
    writer.recycle(first);
    const other = new FrameWriter("server");
    other.append(Opcode.Binary, pattern(10));
    assertEquals(take(other).buffer === first.buffer, true);
  });
});

test("truncateReason() cuts at a character", () => {
  assertEquals(truncateReason("a".repeat(200)), "a".repeat(123));
  assertEquals(truncateReason("é".repeat(100)), "é".repeat(61));
  assertEquals(truncateReason("short"), "short");
});

test("closePayload() is empty for 1005, else a code and a reason", () => {
  assertEquals(closePayload(1005, "x"), new Uint8Array(0));
  assertEquals(closePayload(1000, "ok"), Uint8Array.of(3, 232, 111, 107));
});

function headerBytes(size: number): number {
  return 2 + (size < 126 ? 0 : size < 65_536 ? 2 : 8) + 4;
}

describe("FrameWriter.gather()", () => {
  const SIZES = [0, 1, 40, 48, 49, 60, 100, 125, 126, 127, 200, 1000, 16_000, 16_384];
  for (const side of ["client", "server"] as const) {
    test(`joins messages up to ${MAX_BATCH_BYTES} bytes for the ${side}'s peer`, () => {
      for (const first of SIZES) {
        for (const second of SIZES) {
          const writer = new FrameWriter(side);
          writer.append(Opcode.Ping, pattern(3));
          for (const size of [first, second, 7]) writer.gather(pattern(size));
          writer.append(Opcode.Ping, pattern(2));
          writer.gather(pattern(5));
          const wanted: Uint8Array[] = [];
          let bytes: number[] = [];
          for (const size of [first, second, 7]) {
            if (bytes.length + size > MAX_BATCH_BYTES) {
              wanted.push(Uint8Array.from(bytes));
              bytes = [];
            }
            bytes.push(...pattern(size));
          }
          wanted.push(Uint8Array.from(bytes));
          assertEquals(
            framesOf(take(writer), side),
            [pattern(3), ...wanted, pattern(2), pattern(5)],
            `${first} and ${second}`,
          );
        }
      }
    });
  }

  test("begins anew after what was taken or forgotten", () => {
    const writer = new FrameWriter("client");
    writer.gather(pattern(10));
    assertEquals(framesOf(take(writer), "client"), [pattern(10)]);
    writer.gather(pattern(11));
    writer.clear();
    writer.gather(pattern(12));
    assertEquals(framesOf(take(writer), "client"), [pattern(12)]);
  });
});

/** The payloads of frames, by a reader that has its own tests. */
function framesOf(bytes: Uint8Array<ArrayBuffer>, source: "client" | "server"): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  const keep = (payload: Uint8Array) => void payloads.push(payload.slice());
  const sink = { onBinary: keep, onPing: keep, onClose() {} };
  assertEquals(new FrameReader(source, sink, 1 << 20, 4009).push(bytes), bytes.length);
  return payloads;
}
