/**
 * A client that sends a script's bytes over TLS, and returns the received bytes.
 *
 * @module
 */
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { inflate } from "../../deflate/inflate.ts";

/** A frame from the server. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** The headers of the reference's client. */
export const HEADERS: Readonly<Record<string, string>> = {
  "Host": "localhost",
  "Connection": "Upgrade",
  "Upgrade": "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "frXCC9jisOztLF1YwOuIHQ==",
  "x-hl-compress": "6",
  "Sec-WebSocket-Protocol": "hl/2",
};

/** One connection. */
export class Probe implements Disposable {
  readonly #socket: TLSSocket;
  #bytes = new Uint8Array(0);
  #wake: () => void = () => {};
  /** The server has ended its side. */
  ended = false;
  /** The head of the answer to the request. */
  head = "";

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (chunk: Uint8Array) => {
      const joined = new Uint8Array(this.#bytes.length + chunk.length);
      joined.set(this.#bytes);
      joined.set(chunk, this.#bytes.length);
      this.#bytes = joined;
      this.#wake();
    });
    socket.on("close", () => {
      this.ended = true;
      this.#wake();
    });
  }

  /** Connects and asks for an upgrade with these headers; null leaves one out. */
  static async open(
    port: number,
    changes: Readonly<Record<string, string | null>> = {},
    extra = "",
  ): Promise<Probe> {
    const socket = connect({ port, host: "localhost", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const probe = new Probe(socket);
    const lines = Object.entries({ ...HEADERS, ...changes })
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET / HTTP/1.1\r\n${lines.join("")}${extra}\r\n`);
    await probe.#until(() => probe.#headEnd() !== -1);
    const end = probe.#headEnd();
    probe.head = new TextDecoder("latin1").decode(probe.#bytes.subarray(0, end)).toLowerCase();
    probe.#bytes = probe.#bytes.slice(end + 4);
    return probe;
  }

  /** The status of the answer. */
  get status(): number {
    return Number(this.head.split(" ")[1]);
  }

  /** A header of the answer. */
  header(name: string): string | undefined {
    return new RegExp(`^${name}: (.*)$`, "m").exec(this.head.replaceAll("\r", ""))?.[1];
  }

  #headEnd(): number {
    return new TextDecoder("latin1").decode(this.#bytes).indexOf("\r\n\r\n");
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.ended) throw new Error("the server hung up");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Sends a frame, masked with zeros. */
  send(opcode: number, payload: Uint8Array, fin = true): void {
    const { length } = payload;
    const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
    const head = [(fin ? 0x80 : 0) | opcode, ...size, 0, 0, 0, 0];
    this.#socket.write(Uint8Array.from([...head, ...payload]));
  }

  #frame(): { frame: Frame; used: number } | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    let length = bytes[1]! & 0x7f;
    let start = 2;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = bytes[2]! << 8 | bytes[3]!;
      start = 4;
    }
    if (bytes.length < start + length) return undefined;
    const payload = bytes.slice(start, start + length);
    return { frame: { opcode: bytes[0]! & 0x0f, payload }, used: start + length };
  }

  /** The next frame. */
  async frame(): Promise<Frame> {
    await this.#until(() => this.#frame() !== undefined);
    const { frame, used } = this.#frame()!;
    this.#bytes = this.#bytes.slice(used);
    return frame;
  }

  /** The archive in the next frame, which must be binary. */
  async archive(): Promise<Uint8Array<ArrayBuffer>> {
    const { opcode, payload } = await this.frame();
    if (opcode !== 2) throw new Error(`expected a binary frame, got opcode ${opcode}`);
    return inflate(payload, 1 << 20).slice();
  }

  /** Resolves when the server has ended the connection. */
  async closed(): Promise<void> {
    while (!this.ended) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
