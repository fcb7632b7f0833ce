/**
 * {@linkcode Proxy}: a TCP proxy that freezes, delays, stalls and cuts.
 *
 * @module
 */
import net from "node:net";

interface Pair {
  /** To the client. */
  readonly near: net.Socket;
  /** To the server. */
  readonly far: net.Socket;
  /** Bytes either way after which it is cut. */
  bytesLeft: number;
}

/** Up is from the client to the server. */
export type ProxyDirection = "up" | "down";

/** A proxy between a client and a server on the loopback address. */
export class Proxy implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #pairs: Set<Pair> = new Set();
  #frozen = false;
  /** The target port for new connections. */
  targetPort: number;
  /** Delay of each chunk in milliseconds. */
  delayMs = 0;
  /** Connections so far. */
  accepted = 0;

  private constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.#server = net.createServer((near) => {
      this.accepted++;
      const far = net.connect({ host: "127.0.0.1", port: this.targetPort });
      const pair = { near, far, bytesLeft: Infinity };
      this.#pairs.add(pair);
      this.#pipe(near, far, pair);
      this.#pipe(far, near, pair);
      const end = (): void => {
        if (!this.#frozen) this.#end(pair);
      };
      for (const socket of [near, far]) {
        socket.on("error", end);
        socket.on("close", end);
      }
    });
  }

  /** Start in front of a port. */
  static async start(targetPort: number): Promise<Proxy> {
    const proxy = new Proxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  #pipe(from: net.Socket, to: net.Socket, pair: Pair): void {
    from.on("data", (chunk: Uint8Array) => {
      if (this.#frozen || !this.#pairs.has(pair)) return;
      const passes = chunk.subarray(0, Math.min(chunk.length, pair.bytesLeft));
      pair.bytesLeft -= chunk.length;
      if (pair.bytesLeft <= 0) {
        // The bytes before that arrive.
        this.#pairs.delete(pair);
        to.end(passes, () => this.#end(pair));
      } else if (this.delayMs === 0) to.write(passes);
      else setTimeout(() => to.destroyed || to.write(passes), this.delayMs);
    });
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far.destroy();
  }

  /** The port to connect to. */
  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Open connections. */
  get size(): number {
    return this.#pairs.size;
  }

  /** Stop reading and forwarding, and hide every end: a network failure without a FIN. */
  freeze(): void {
    this.#frozen = true;
    for (const { near, far } of this.#pairs) {
      near.pause();
      far.pause();
    }
  }

  /** Forward again, for new connections. Frozen connections stay broken. */
  thaw(): void {
    this.cut();
    this.#frozen = false;
  }

  /** Cut every connection. */
  cut(): void {
    for (const pair of this.#pairs) this.#end(pair);
  }

  /** Cut the open connections after this many more bytes, which still arrive. */
  cutAfter(bytes: number): void {
    for (const pair of this.#pairs) pair.bytesLeft = bytes;
  }

  /** Stop reading from one side of the open connections. */
  stall(direction: ProxyDirection): void {
    for (const { near, far } of this.#pairs) (direction === "up" ? near : far).pause();
  }

  /** Read again, and cut nothing. */
  resume(): void {
    for (const pair of this.#pairs) {
      pair.bytesLeft = Infinity;
      pair.near.resume();
      pair.far.resume();
    }
  }

  /** Half-close: end the stream towards one side. */
  halfClose(direction: ProxyDirection): void {
    for (const { near, far } of this.#pairs) (direction === "up" ? far : near).end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
