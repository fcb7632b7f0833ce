/** A raw TCP or TLS client that writes a test's bytes, and keeps the received bytes. */

import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";

/** The key of RFC 6455's own example, and its answer. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** An upgrade request's head. `change` replaces header fields; `null` removes one. */
export function upgradeRequest(
  change: Readonly<Record<string, string | null>> = {},
  line = "GET / HTTP/1.1",
): string {
  const fields: Record<string, string | null> = {
    "Host": "localhost",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Protocol": "hl/2",
    ...change,
  };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`]
  );
  return `${line}\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** A masked frame. */
export function masked(first: number, payload: readonly number[], length = payload.length): Buffer {
  const mask = [1, 2, 3, 4];
  return Buffer.from([
    first,
    0x80 | length,
    ...mask,
    ...payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0)),
  ]);
}

/** A client of one connection. */
export class RawClient {
  readonly socket: net.Socket;
  /** The received chunks. */
  readonly chunks: Buffer[] = [];
  /** Whether the server has ended. */
  ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    const end = (): void => {
      this.ended = true;
      this.#wake?.();
    };
    socket.on("error", end);
    socket.on("end", end);
    socket.on("close", end);
    socket.on("data", (chunk: Uint8Array) => {
      this.chunks.push(Buffer.from(chunk));
      this.#wake?.();
    });
  }

  /** Connect to a port of the loopback address; with `ca` over TLS. */
  static async connect(port: number, ca?: string): Promise<RawClient> {
    const secure = ca !== undefined;
    const socket = secure
      ? tls.connect({ host: "127.0.0.1", port, ca })
      : net.connect({ host: "127.0.0.1", port });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once(secure ? "secureConnect" : "connect", () => resolve());
      socket.once("error", reject);
    });
    socket.setNoDelay(true);
    return client;
  }

  /** The received bytes. */
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Write. */
  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Wait until `condition` holds or the server has ended. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.ended) await new Promise<void>((wake) => this.#wake = wake);
  }

  /** Upgrade; later bytes are in {@linkcode RawClient.bytes}. */
  async upgrade(path = "/", change?: Readonly<Record<string, string>>): Promise<string> {
    this.write(upgradeRequest(change, `GET ${path} HTTP/1.1`));
    await this.until(() => this.bytes.includes("\r\n\r\n"));
    const all = this.bytes;
    const end = all.indexOf("\r\n\r\n") + 4;
    this.chunks.splice(0, this.chunks.length, all.subarray(end));
    return all.toString("latin1", 0, end);
  }

  /** Wait for the server's end; returns all received bytes. */
  async rest(): Promise<Buffer> {
    await this.until(() => false);
    this.socket.destroy();
    return this.bytes;
  }
}
