/**
 * Forms of one archive that a peer must accept, and forms that it must refuse.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { BINARY, FINAL, type Peer, PING, PONG, TEXT } from "./websocket.ts";

/** Bytes of a stored block. */
const STORED_BYTES = 65_535;

/** Stored blocks of at most `blockBytes` each. */
export function stored(archive: Uint8Array, blockBytes: number = STORED_BYTES): Buffer {
  const blocks: Uint8Array[] = [];
  for (let start = 0; start === 0 || start < archive.length; start += blockBytes) {
    const block = archive.subarray(start, start + blockBytes);
    const head = Buffer.alloc(5);
    head[0] = start + blockBytes >= archive.length ? 1 : 0;
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(block.length ^ 0xffff, 3);
    blocks.push(head, block);
  }
  return Buffer.concat(blocks);
}

/** A way to send an archive. */
export interface Form {
  readonly name: string;
  /** `rootBytes` is the size of the archive's root. */
  send(peer: Peer, archive: Uint8Array, rootBytes: number): void;
}

const PING_TEXT = "are you there?";

/** Forms that a peer must accept. */
export const FORMS: readonly Form[] = [
  { name: "one stored block", send: (peer, archive) => peer.send(stored(archive)) },
  { name: "stored blocks of 7 bytes", send: (peer, archive) => peer.send(stored(archive, 7)) },
  ...[1, 6, 9].map((level): Form => ({
    name: `level ${level}`,
    send: (peer, archive) => peer.send(deflateRawSync(archive, { level })),
  })),
  {
    name: "fixed Huffman codes",
    send: (peer, archive) => peer.send(deflateRawSync(archive, { strategy: constants.Z_FIXED })),
  },
  {
    name: "an empty stored block before the final one",
    send: (peer, archive) =>
      peer.send(Buffer.concat([Uint8Array.of(0, 0, 0, 0xff, 0xff), stored(archive)])),
  },
  {
    name: "three frames, an empty one among them",
    send(peer, archive) {
      const message = stored(archive);
      peer.frame(BINARY, message.subarray(0, 3));
      peer.frame(0, message.subarray(3, 3));
      peer.frame(FINAL, message.subarray(3));
    },
  },
  {
    name: "a ping between two frames, which is answered",
    send(peer, archive) {
      const message = stored(archive);
      peer.frame(BINARY, message.subarray(0, 6));
      peer.frame(FINAL | PING, Buffer.from(PING_TEXT));
      peer.frame(FINAL, message.subarray(6));
    },
  },
  {
    name: "a pong that nobody asked for before it",
    send(peer, archive) {
      peer.frame(FINAL | PONG, Buffer.from("here I am"));
      peer.send(stored(archive));
    },
  },
  {
    name: "a length of 2 bytes",
    send: (peer, archive) => peer.send(stored(archive, 1)),
  },
];

/** Whether the ping of its form is answered within a second: a pong may follow the answer. */
export async function answersPing({ name }: Form, peer: Peer): Promise<boolean> {
  const isAnswered = (): boolean => peer.pongs.includes(PING_TEXT);
  for (let waited = 0; name.includes("ping") && !isAnswered() && waited < 1000; waited += 20) {
    await peer.receive(20);
  }
  return !name.includes("ping") || isAnswered();
}

/** Forms that a peer must refuse: it closes, or drops the message as Rust does. */
export const REFUSED: readonly Form[] = [
  { name: "the empty message", send: (peer) => peer.send(Buffer.alloc(0)) },
  { name: "a DEFLATE stream of nothing", send: (peer) => peer.send(Buffer.of(3, 0)) },
  { name: "no DEFLATE stream", send: (peer) => peer.send(Buffer.alloc(20, 0xff)) },
  { name: "the archive without DEFLATE", send: (peer, archive) => peer.send(archive) },
  { name: "a zlib header", send: (peer, archive) => peer.send(deflateSync(archive)) },
  { name: "a gzip header", send: (peer, archive) => peer.send(gzipSync(archive)) },
  {
    name: "a stream without its last byte",
    send: (peer, archive) => peer.send(deflateRawSync(archive).subarray(0, -1)),
  },
  {
    name: "bytes behind the final block",
    send: (peer, archive) =>
      peer.send(Buffer.concat([deflateRawSync(archive), Uint8Array.of(0xde, 0xad)])),
  },
  {
    name: "a flush in place of a final block",
    send: (peer, archive) =>
      peer.send(deflateRawSync(archive, { finishFlush: constants.Z_SYNC_FLUSH })),
  },
  {
    name: "a stored block whose lengths disagree",
    send(peer, archive) {
      const message = stored(archive);
      message[3]! ^= 1;
      peer.send(message);
    },
  },
  {
    name: "an archive without its first byte",
    send: (peer, archive) => peer.send(stored(archive.subarray(1))),
  },
  {
    name: "an unknown variant",
    send(peer, archive, rootBytes) {
      const other = archive.slice();
      other[other.length - rootBytes] = 99;
      peer.send(stored(other));
    },
  },
  {
    name: "a text message",
    send: (peer) => peer.frame(FINAL | TEXT, Buffer.from("hello")),
  },
  {
    name: "a reserved bit",
    send: (peer, archive) => peer.frame(FINAL | BINARY | 0x40, stored(archive)),
  },
  {
    name: "a frame that continues nothing",
    send: (peer, archive) => peer.frame(FINAL, stored(archive)),
  },
];
