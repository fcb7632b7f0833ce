/** A raw TCP or TLS server with a scripted answer to an upgrade. */

import { createHash } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

/** A client's frame, unmasked. */
export interface ClientFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** Read the complete frames at the start of `bytes`; throws if one is not masked. */
export function readClientFrames(bytes: Uint8Array): { frames: ClientFrame[]; used: number } {
  const frames: ClientFrame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let used = 0;
  while (bytes.length - used >= 6) {
    if ((view.getUint8(used + 1) & 0x80) === 0) throw new Error("a client frame has no mask");
    let length = view.getUint8(used + 1) & 0x7f;
    let mask = used + 2;
    if (length === 126) {
      length = view.getUint16(mask);
      mask += 2;
    } else if (length === 127) {
      length = Number(view.getBigUint64(mask));
      mask += 8;
    }
    const start = mask + 4;
    if (start + length > bytes.length) break;
    frames.push({
      opcode: view.getUint8(used) & 0x0f,
      payload: bytes.slice(start, start + length).map((byte, i) =>
        byte ^ view.getUint8(mask + (i & 3))
      ),
    });
    used = start + length;
  }
  return { frames, used };
}

/** One connection, seen from the server. */
export class Script {
  readonly socket: net.Socket;
  /** The request's head. */
  request = "";
  #bytes = new Uint8Array(0);
  #wake: (() => void) | undefined;
  /** Whether the client has ended its side. */
  ended = false;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (chunk: Uint8Array) => {
      const joined = new Uint8Array(this.#bytes.length + chunk.length);
      joined.set(this.#bytes);
      joined.set(chunk, this.#bytes.length);
      this.#bytes = joined;
      this.#wake?.();
    });
    const end = () => {
      this.ended = true;
      this.#wake?.();
    };
    socket.on("end", end);
    socket.on("close", end);
  }

  async #more(): Promise<void> {
    if (this.ended) throw new Error("the client hung up");
    await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** Read the request's head; returns the accept value that answers it. */
  async readRequest(): Promise<string> {
    for (;;) {
      const text = new TextDecoder("latin1").decode(this.#bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end !== -1) {
        this.request = text.slice(0, end);
        this.#bytes = this.#bytes.slice(end + 4);
        const key = /^sec-websocket-key: (.*)$/im.exec(this.request)?.[1] ?? "";
        return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest("base64");
      }
      await this.#more();
    }
  }

  /** Read the request and upgrade it; `first` is sent in the same write. */
  async upgrade(first: Uint8Array = new Uint8Array(0)): Promise<void> {
    const accept = await this.readRequest();
    const head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: hl/2\r\nX-HL-Compress: 3\r\n\r\n`;
    this.write(new Uint8Array([...new TextEncoder().encode(head), ...first]));
  }

  /** Write bytes. */
  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes);
  }

  /** The client's next frame. */
  async frame(): Promise<ClientFrame> {
    for (;;) {
      const { frames } = readClientFrames(this.#bytes);
      const [frame] = frames;
      if (frame !== undefined) {
        const size = frame.payload.length;
        this.#bytes = this.#bytes.slice(size + 6 + (size < 126 ? 0 : size < 65_536 ? 2 : 8));
        return frame;
      }
      await this.#more();
    }
  }

  /** Wait until the client has ended its side. */
  async end(): Promise<void> {
    while (!this.ended) await this.#more();
  }
}

/** A server that runs `script` on each connection. */
export class ScriptedServer {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  /** Scripts that failed. */
  readonly errors: unknown[] = [];

  private constructor(server: net.Server) {
    this.#server = server;
  }

  /** Listen on a free port of the loopback address. */
  static async start(
    script: (connection: Script) => void | Promise<void>,
    certificate?: { cert: string; key: string },
  ): Promise<ScriptedServer> {
    const onSocket = (socket: net.Socket): void => {
      started.#sockets.add(socket);
      socket.on("close", () => started.#sockets.delete(socket));
      Promise.resolve(script(new Script(socket))).catch((error) => started.errors.push(error));
    };
    const server = certificate === undefined
      ? net.createServer(onSocket)
      : tls.createServer(certificate, onSocket);
    const started = new ScriptedServer(server);
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return started;
  }

  /** The bound port. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
