/**
 * The floor: bytes there and back. A flood counts messages in a callback and makes no promise.
 *
 * @module
 */
import { openOwn } from "../../raw_peers.ts";
import { jsonText, PAYLOAD_BYTES, randomBytes } from "../../samples.ts";
import { type Answer, listenNative, openNative } from "./native.ts";
import {
  EVENT,
  type Greeting,
  HOST,
  type Operation,
  type RpcClient,
  type RpcPeer,
} from "./types.ts";

/** A published message, marked by a length that no echo has. */
const LISTEN = new Uint8Array(1);
const EMIT = new Uint8Array(2);
const event = new TextEncoder().encode(EVENT);
const SMALL = new Uint8Array(32).fill(7);

const answer: Answer = (message, socket) => {
  if (message.byteLength > 2) return socket.send(message);
  if (message.byteLength === 1) socket.listen();
  else socket.publish(event);
  socket.send(message);
};

const serve = (): Promise<number> => listenNative(answer);

/** The runtime's own client. */
class RawClient implements RpcClient {
  readonly #socket: WebSocket;
  #resolve: (message: ArrayBuffer) => void = () => {};
  #onEvent: () => void = () => {};
  #payload: Uint8Array<ArrayBuffer> = SMALL;
  #floodEnd = 0;
  #inFlight = 0;
  #count = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }: { data: ArrayBuffer }) => {
      if (data.byteLength === event.length) return this.#onEvent();
      if (this.#inFlight === 0) return this.#resolve(data);
      this.#count++;
      if (performance.now() < this.#floodEnd) this.#socket.send(this.#payload);
      else if (--this.#inFlight === 0) this.#resolve(data);
    };
  }

  #call(message: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#socket.send(message);
    });
  }

  async add(a: number, b: number): Promise<number> {
    await this.#call(SMALL);
    return a + b;
  }

  async hello(input: string): Promise<Greeting> {
    await this.#call(SMALL);
    return { name: "", date: 0, input };
  }

  async say(text: string): Promise<string> {
    await this.#call(new TextEncoder().encode(text));
    return text;
  }

  async echo(octets: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await this.#call(octets as Uint8Array<ArrayBuffer>));
  }

  async listen(onEvent: () => void): Promise<void> {
    this.#onEvent = onEvent;
    await this.#call(LISTEN);
  }

  /** Several may be in flight; answers are not matched to calls. */
  emit(): Promise<void> {
    this.#socket.send(EMIT);
    return Promise.resolve();
  }

  async flood(what: Operation, inFlight: number, durationMs: number): Promise<number> {
    this.#payload = what === "echo"
      ? randomBytes(PAYLOAD_BYTES)
      : what === "say"
      ? new TextEncoder().encode(jsonText(PAYLOAD_BYTES))
      : SMALL;
    this.#count = 0;
    this.#inFlight = inFlight;
    this.#floodEnd = performance.now() + durationMs;
    await new Promise((resolve) => {
      this.#resolve = resolve;
      for (let i = 0; i < inFlight; i++) this.#socket.send(this.#payload);
    });
    return this.#count;
  }

  close(): void {
    this.#socket.close();
  }
}

/** The runtime's own client; on Node `ws`. */
export const builtIn: RpcPeer = {
  serve,
  open: async (port) => new RawClient(await openNative(port)),
};

/** The WebSocket client of hardlight. */
export const own: RpcPeer = {
  serve,
  async open(port) {
    const peer = await openOwn({ url: `ws://${HOST}:${port}`, ca: "" });
    return {
      async add(a, b) {
        await peer.call();
        return a + b;
      },
      flood: (_what, inFlight, durationMs) => peer.flood(inFlight, durationMs),
      close: () => peer.close(),
    };
  },
};
