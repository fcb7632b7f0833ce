/**
 * The floor's clients: 32 bytes there and back, no protocol on top.
 *
 * @module
 */
import { dial } from "../runtime/node/dial.ts";
import type { Transport } from "../wire/transport.ts";
import type { Peer } from "./peer.ts";
import type { Address } from "./server_process.ts";

/** Bytes of the floor's messages. */
export const PAYLOAD_BYTES = 32;

const payload: Uint8Array<ArrayBuffer> = new Uint8Array(PAYLOAD_BYTES).fill(7);

/** Counts echoes; each call is one promise, a flood none. */
abstract class EchoPeer implements Peer {
  readonly #repliesPerCall: number;
  #replies = 0;
  #resolve: () => void = () => {};
  #floodEnd = 0;
  #inFlight = 0;
  #count = 0;

  constructor(repliesPerCall: number) {
    this.#repliesPerCall = repliesPerCall;
  }

  protected abstract send(message: Uint8Array<ArrayBuffer>): void;
  abstract close(): Promise<void>;

  protected onEcho(): void {
    if (++this.#replies < this.#repliesPerCall) return;
    this.#replies = 0;
    if (this.#inFlight === 0) return this.#resolve();
    this.#count++;
    if (performance.now() < this.#floodEnd) this.send(payload);
    else if (--this.#inFlight === 0) this.#resolve();
  }

  call(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.send(payload);
    });
  }

  async flood(inFlight: number, durationMs: number): Promise<number> {
    this.#count = 0;
    this.#inFlight = inFlight;
    this.#floodEnd = performance.now() + durationMs;
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
      for (let i = 0; i < inFlight; i++) this.send(payload);
    });
    return this.#count;
  }
}

class OwnPeer extends EchoPeer {
  #transport: Transport | undefined;
  #onClosed: () => void = () => {};

  async open(url: string): Promise<void> {
    await dial({
      url,
      level: 0,
      tls: "self-signed",
      maxMessageBytes: 1 << 20,
      idleTimeoutMs: 0,
      closeTimeoutMs: 5000,
      signal: new AbortController().signal,
    }, (transport) => {
      this.#transport = transport;
      return {
        onMessage: () => this.onEcho(),
        onClose: () => this.#onClosed(),
      };
    });
  }

  protected send(message: Uint8Array<ArrayBuffer>): void {
    this.#transport?.send(message);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#onClosed = resolve);
    this.#transport?.close(1000, "");
    await closed;
  }
}

/** The WebSocket client of hardlight: the messages of one turn are one write. */
export async function openOwn({ url }: Address, path = "/"): Promise<Peer> {
  const peer = new OwnPeer(path === "/twice" ? 2 : 1);
  await peer.open(url + path);
  return peer;
}

type BuiltInWebSocket = new (url: string, options?: unknown) => WebSocket;

class BuiltInPeer extends EchoPeer {
  #socket: WebSocket | undefined;

  async open({ url, ca }: Address, Socket: BuiltInWebSocket): Promise<void> {
    // Each runtime has its own options after the standard's two parameters.
    const options = "Deno" in globalThis
      ? (ca === "" ? {} : { client: Deno.createHttpClient({ caCerts: [ca] }) })
      : { perMessageDeflate: false, tls: { rejectUnauthorized: false } };
    const socket = new Socket(url, options);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = () => this.onEcho();
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`Cannot connect to ${url}`));
    });
  }

  protected send(message: Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(message);
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      socket.onclose = () => resolve();
      socket.close(1000);
    });
  }
}

/** The runtime's own `WebSocket`, or another class like it: each message is a write. */
export async function openBuiltIn(
  address: Address,
  Socket: unknown = globalThis.WebSocket,
): Promise<Peer> {
  const peer = new BuiltInPeer(1);
  await peer.open(address, Socket as BuiltInWebSocket);
  return peer;
}
