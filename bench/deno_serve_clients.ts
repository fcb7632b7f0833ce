/**
 * Clients of `deno_serve.ts` without hardlight's: one of an echo, and a peer without the extension `x1`.
 *
 * @module
 */
import { callFrame, openPlain } from "./plain_sockets.ts";
import type { Address } from "./server_process.ts";
import { Desk } from "./servers/deno_serve.ts";

/** Calls without hardlight: one message, and its echo. */
export class Raw {
  readonly #socket: WebSocket;
  #waiting: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = () => this.#waiting.shift()?.();
  }

  static async open({ url, ca }: Address): Promise<Raw> {
    const client = ca === "" ? undefined : Deno.createHttpClient({ caCerts: [ca] });
    // Deno's own option, which the standard's types do not have.
    const options = (client && { client }) as unknown as string[] | undefined;
    const socket = new WebSocket(url, options);
    socket.binaryType = "arraybuffer";
    await new Promise<void>((resolve) => socket.onopen = () => resolve());
    return new Raw(socket);
  }

  /** The next message. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Send, and wait for the echo. */
  call(): Promise<void> {
    this.#socket.send(new Uint8Array(40));
    return this.next();
  }

  /** Send to all connections. */
  publish(): Promise<void> {
    this.#socket.send("to all");
    return this.next();
  }

  close(): void {
    this.#socket.close();
  }
}

/** Calls of a peer that does not know the extension `x1`, which is what a Rust client is to a server. */
export class PlainPeer {
  readonly #socket: Awaited<ReturnType<typeof openPlain>>;
  readonly #frame = callFrame(Desk, "count", {});
  #frames = 0;
  #answered = (): void => {};

  private constructor(socket: Awaited<ReturnType<typeof openPlain>>) {
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => this.#take(bytes));
  }

  static async open({ url }: Address): Promise<PlainPeer> {
    const { port, protocol } = new URL(url);
    return new PlainPeer(await openPlain(Number(port), protocol === "wss:"));
  }

  /** Frames of so few bytes come whole. */
  #take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]!) this.#frames++;
    if (this.#frames >= 2) this.#answered();
  }

  /** A change of the state, and the answer behind it. */
  call(): Promise<void> {
    this.#frames = 0;
    this.#socket.write(this.#frame);
    return new Promise((resolve) => this.#answered = resolve);
  }

  close(): void {
    this.#socket.destroy();
  }
}
