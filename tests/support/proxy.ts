/**
 * {@linkcode Proxy}: a TCP proxy that freezes, delays and cuts.
 *
 * @module
 */
import net from "node:net";

interface Pair {
  readonly near: net.Socket;
  readonly far: net.Socket;
}

/** Stands between a client and a server on the loopback address. */
export class Proxy implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #pairs: Set<Pair> = new Set();
  #frozen = false;
  /** Milliseconds that each chunk is kept. */
  delayMs = 0;
  /** Connections so far. */
  accepted = 0;

  private constructor(targetPort: number) {
    this.#server = net.createServer((near) => {
      this.accepted++;
      const far = net.connect({ host: "127.0.0.1", port: targetPort });
      const pair = { near, far };
      this.#pairs.add(pair);
      this.#pipe(near, far);
      this.#pipe(far, near);
      const end = (): void => {
        if (this.#frozen) return;
        this.#pairs.delete(pair);
        near.destroy();
        far.destroy();
      };
      for (const socket of [near, far]) {
        socket.on("error", end);
        socket.on("close", end);
      }
    });
  }

  /** Stand before a port. */
  static async start(targetPort: number): Promise<Proxy> {
    const proxy = new Proxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  #pipe(from: net.Socket, to: net.Socket): void {
    from.on("data", (chunk: Uint8Array) => {
      if (this.#frozen) return;
      if (this.delayMs === 0) to.write(chunk);
      else setTimeout(() => to.destroyed || to.write(chunk), this.delayMs);
    });
  }

  /** The port to connect to. */
  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Read and forward nothing more, and hide every end: a network that is gone without a FIN. */
  freeze(): void {
    this.#frozen = true;
    for (const { near, far } of this.#pairs) {
      near.pause();
      far.pause();
    }
  }

  /** Forward again, for new connections. Those that were frozen are gone. */
  thaw(): void {
    this.cut();
    this.#frozen = false;
  }

  /** Cut every connection. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#pairs.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
