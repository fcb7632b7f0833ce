/**
 * {@linkcode archivesOf}: the archives in a WebSocket message between peers with `x1`, written from PROTOCOL.md
 * without code of the module.
 *
 * @module
 */
import { inflateRawSync } from "node:zlib";

/** The sender, which determines the size of the roots. */
export type Sender = "client" | "server";

const SHORT = 7;
const HEADER_BYTES = 4;
const ROOT_BYTES: Readonly<Record<Sender, number>> = { client: 12, server: 24 };

/** Whether some bytes begin with a short message. */
export function isShortMessage(bytes: Uint8Array): boolean {
  return bytes.length > 0 && (bytes[0]! & SHORT) === SHORT;
}

/** The full message of a short one. */
function lengthened(message: Uint8Array, sender: Sender): Uint8Array<ArrayBuffer> {
  const [head, id, bytes, zeros] = [...message.subarray(0, HEADER_BYTES)] as
    & number[]
    & [number, number, number, number];
  const tag = head >> 3;
  const length = bytes + zeros;
  const root = Math.ceil(length / 4) * 4;
  const archive = new Uint8Array(root + ROOT_BYTES[sender]);
  archive.set(message.subarray(HEADER_BYTES, HEADER_BYTES + bytes));
  archive[root] = tag;
  archive[root + 1] = id;
  // An answer has the tag of its result before the pointer.
  const pointer = root + (sender === "server" && tag === 0 ? 8 : 4);
  const view = new DataView(archive.buffer);
  view.setInt32(pointer, -pointer, true);
  view.setUint32(pointer + 4, length, true);
  return archive;
}

/** Which stream's items large messages of one peer are, or -1. */
export interface RawState {
  id: number;
}

/** Bytes above which a message may be an item. */
const MAX_BATCH_BYTES = 16_384;
/** The first byte of what says so. */
const RAW = 0x3f;

/** Whether a message is an item. */
export function isRaw({ length }: Uint8Array, { id }: RawState): boolean {
  return length > MAX_BATCH_BYTES && id >= 0;
}

/** The archives of all messages in one WebSocket message that is no item. */
export function archivesOf(
  message: Uint8Array,
  sender: Sender,
  raw?: RawState,
): Uint8Array<ArrayBuffer>[] {
  const archives: Uint8Array<ArrayBuffer>[] = [];
  for (let rest = message; rest.length > 0;) {
    let bytes: number;
    if (rest[0] === RAW && raw !== undefined) {
      bytes = HEADER_BYTES;
      raw.id = rest[3] === 1 ? rest[1]! : -1;
    } else if (isShortMessage(rest)) {
      bytes = HEADER_BYTES + rest[2]!;
      archives.push(lengthened(rest, sender));
    } else {
      const { buffer, engine } = inflateRawSync(rest, { info: true }) as unknown as {
        buffer: Uint8Array;
        engine: { bytesWritten: number };
      };
      bytes = engine.bytesWritten;
      archives.push(new Uint8Array(buffer));
    }
    rest = rest.subarray(bytes);
  }
  return archives;
}
