/**
 * A WebSocket with control over every byte: {@linkcode Peer}.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";

const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Opcodes. */
export const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
/** The first byte's final bit. */
export const FINAL = 0x80;

/** A received message, or the end with its code, if it has one. */
export type Received =
  | { readonly message: Buffer }
  | { readonly code: number | undefined };

/** `Sec-WebSocket-Accept` for a key. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(key + GUID).digest("base64");
}

/** A frame of a client (masked) or of a server. */
export function frame(first: number, payload: Uint8Array, isMasked: boolean): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = first;
  head[1] = (isMasked ? 0x80 : 0) |
    (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!isMasked) return Buffer.concat([head, payload]);
  return Buffer.concat([
    head,
    Uint8Array.from(MASK),
    payload.map((byte, i) => byte ^ MASK[i & 3]!),
  ]);
}

/** One end of a connection. */
export class Peer {
  readonly #socket: Socket;
  readonly #masks: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  /** Payloads of received pongs. */
  readonly pongs: string[] = [];
  /** Faults of the other end. */
  readonly faults: string[] = [];

  /** Take a socket, as the end of a client or of a server. */
  constructor(socket: Socket, end: "client" | "server") {
    this.#socket = socket;
    this.#masks = end === "client";
    socket.setNoDelay(true);
    const end_ = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on("data", (chunk: Uint8Array) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    socket.on("end", end_).on("close", end_).on("error", end_);
  }

  /** Wait for more; false once there is none, or when the time is over. */
  async #more(until: number): Promise<boolean> {
    if (this.#ended || Date.now() >= until) return false;
    let timer;
    await new Promise<void>((wake) => {
      this.#wake = wake;
      timer = setTimeout(wake, until - Date.now());
    });
    clearTimeout(timer);
    return true;
  }

  /** The head of a request or of an answer; "" if none arrives. */
  async head(withinMs: number): Promise<string> {
    const until = Date.now() + withinMs;
    while (!this.#bytes.includes("\r\n\r\n")) if (!await this.#more(until)) return "";
    const end = this.#bytes.indexOf("\r\n\r\n") + 4;
    const head = this.#bytes.toString("latin1", 0, end);
    this.#bytes = this.#bytes.subarray(end);
    return head;
  }

  /** The next message or the end; `undefined` if neither arrives in time. Answers pings and closes. */
  async receive(withinMs: number): Promise<Received | undefined> {
    const until = Date.now() + withinMs;
    while (true) {
      const cut = this.#cut();
      if (cut === undefined) {
        if (await this.#more(until)) continue;
        return this.#ended ? { code: undefined } : undefined;
      }
      const [first, payload] = cut;
      switch (first & 0x0f) {
        case CLOSE: {
          this.#socket.end(frame(FINAL | CLOSE, payload, this.#masks));
          this.#ended = true;
          return { code: payload.length < 2 ? undefined : payload.readUInt16BE(0) };
        }
        case PING:
          this.write(frame(FINAL | PONG, payload, this.#masks));
          break;
        case PONG:
          this.pongs.push(payload.toString());
          break;
        default: {
          if (this.#parts.length === 0 && (first & 0x0f) !== BINARY) {
            this.faults.push(`a message of opcode ${first & 0x0f} came`);
          }
          this.#parts.push(payload);
          if ((first & FINAL) === 0) break;
          const message = Buffer.concat(this.#parts);
          this.#parts = [];
          return { message };
        }
      }
    }
  }

  #cut(): [first: number, payload: Buffer] | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const isMasked = (bytes[1]! & 0x80) !== 0;
    const short = bytes[1]! & 0x7f;
    const start = 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + (isMasked ? 4 : 0);
    if (bytes.length < start) return undefined;
    const length = short < 126
      ? short
      : short === 126
      ? bytes.readUInt16BE(2)
      : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return undefined;
    if (isMasked === this.#masks) {
      this.faults.push(isMasked ? "a server's frame has a mask" : "a client's frame has no mask");
    }
    if ((bytes[0]! & 0x70) !== 0) this.faults.push("a frame has a reserved bit");
    const mask = bytes.subarray(start - 4, start);
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (isMasked) payload.forEach((byte, i) => payload[i] = byte ^ mask[i & 3]!);
    this.#bytes = bytes.subarray(start + length);
    return [bytes[0]!, payload];
  }

  /** Send a binary message. */
  send(message: Uint8Array): void {
    this.frame(FINAL | BINARY, message);
  }

  /** Send a frame. */
  frame(first: number, payload: Uint8Array, isMasked: boolean = this.#masks): void {
    this.write(frame(first, payload, isMasked));
  }

  /** Write bytes as they are. */
  write(bytes: string | Uint8Array): void {
    if (!this.#ended) this.#socket.write(bytes);
  }

  /** Send a close frame and end the connection. */
  close(): void {
    if (!this.#ended) this.#socket.end(frame(FINAL | CLOSE, Uint8Array.of(3, 0xe8), this.#masks));
    this.#socket.destroySoon();
  }
}
