/**
 * Constants and checks of RFC 6455 frames: opcodes, close codes, close payloads.
 *
 * @module
 */

/** Opcodes of RFC 6455, section 5.2. */
export const Opcode = {
  /** A further part of a fragmented message. */
  Continuation: 0x0,
  /** A text message. */
  Text: 0x1,
  /** A binary message. */
  Binary: 0x2,
  /** The close handshake. */
  Close: 0x8,
  /** A ping. */
  Ping: 0x9,
  /** A pong. */
  Pong: 0xa,
} as const;

/** Largest header of a frame, in bytes: 2, a 64-bit length, a mask. */
export const MAX_HEADER_BYTES = 14;

/** Largest payload of a control frame, in bytes. */
export const MAX_CONTROL_BYTES = 125;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
const utf8 = new TextEncoder();

/** The peer broke RFC 6455, or a limit. */
export class FrameError extends Error {
  /** The close code to send to the peer. */
  readonly closeCode: number;
  /** Create with a close code and a message. */
  constructor(closeCode: number, message: string) {
    super(message);
    this.name = "FrameError";
    this.closeCode = closeCode;
  }
}

/** Decode strictly. Throws {@linkcode FrameError} 1007. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new FrameError(1007, "The peer sent text that is not UTF-8");
  }
}

/** Whether a close code is valid in a close frame (RFC 6455, section 7.4). */
export function isWireCloseCode(code: number): boolean {
  return (code >= 3000 && code <= 4999) ||
    (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006));
}

/** The longest prefix of `reason`, in whole characters, that fits a close frame. */
export function truncateReason(reason: string): string {
  const bytes = new Uint8Array(MAX_CONTROL_BYTES - 2);
  return reason.slice(0, utf8.encodeInto(reason, bytes).read);
}

/** The payload of a close frame. Code 1005 means no payload. */
export function closePayload(code: number, reason: string): Uint8Array {
  if (code === 1005) return new Uint8Array(0);
  const text = utf8.encode(truncateReason(reason));
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code;
  payload.set(text, 2);
  return payload;
}

/**
 * The payload length in the header at `at`, all of which has come.
 *
 * @throws {FrameError} If it is written in more bytes than it needs, or has its highest bit set.
 */
export function payloadLength(bytes: Uint8Array, at: number): number {
  const short = (bytes[at + 1] ?? 0) & 0x7f;
  if (short < 126) return short;
  const size = short === 126 ? 2 : 8;
  let length = 0;
  for (let i = at + 2; i < at + 2 + size; i++) length = length * 256 + (bytes[i] ?? 0);
  // Above 2^53 the sum is no longer exact, but still far above any limit.
  if (size === 8 && (bytes[at + 2] ?? 0) >= 0x80) {
    throw new FrameError(1002, "The peer set the highest bit of a length");
  }
  if (length < (size === 2 ? 126 : 65_536)) {
    throw new FrameError(1002, "The peer wrote a length in more bytes than it needs");
  }
  return length;
}
