/** An acceptor that echoes, the running runtime's listener under it, and a recording client. */

import { runtimeName } from "../../runtime/detect.ts";
import type { Listener, ListenOptions } from "../../runtime/listen.ts";
import type {
  Acceptor,
  CloseInfo,
  Dialed,
  Dialer,
  DialRequest,
  PeerInfo,
  Transport,
  TransportListener,
  Upgrade,
} from "../../wire/transport.ts";

/** Largest message of the echo servers, in bytes. */
export const ECHO_MAX_BYTES: number = 2 * 1024 * 1024;

/** Ways to listen on the running runtime. `serve()` uses the first. */
export const LISTENS: Readonly<Record<string, Listen>> = runtimeName() === "bun"
  ? {
    "Bun.serve": async (...args) => (await import("../../runtime/bun.ts")).listen(...args),
    "node:http": async (...args) => (await import("../../runtime/node/server.ts")).listen(...args),
  }
  : {
    "node:http": async (...args) => (await import("../../runtime/node/server.ts")).listen(...args),
  };

/** The same, and the handler for mounting on an existing server. */
export const ALL_LISTENS: Readonly<Record<string, Listen>> = runtimeName() === "deno"
  ? { ...LISTENS, "Deno.serve": listenMounted }
  : LISTENS;

async function listenMounted(acceptor: Acceptor, options: ListenOptions): Promise<Listener> {
  const { handler } = await import("../../runtime/deno.ts");
  const { port, hostname, cert, key } = options;
  const controller = new AbortController();
  const server = Deno.serve({
    port,
    ...(hostname === undefined ? {} : { hostname }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    signal: controller.signal,
    onListen() {},
  }, handler(acceptor, options.fallback));
  return {
    port: server.addr.port,
    close: () => server.shutdown(),
    abort: () => controller.abort(),
  };
}

/** Listens, and maybe later. */
export type Listen = (acceptor: Acceptor, options: ListenOptions) => Promise<Listener>;

/**
 * Echoes binary messages. The path selects other behaviour: `/refuse` a 400 with `x-hl-refused`, `/late` an
 * acceptor that decides later, `/close` a close with 4321, `/cut` a terminate, `/throw` a listener that
 * throws, the last three at the first message.
 */
export class EchoAcceptor implements Acceptor {
  readonly maxMessageBytes: number = ECHO_MAX_BYTES;
  readonly idleTimeoutMs = 0;
  readonly closeTimeoutMs: number = 5000;
  readonly handshakeTimeoutMs = 10_000;
  /** The ends of connections, as the server saw them. */
  readonly ended: CloseInfo[] = [];
  /** Addresses of peers. */
  readonly addresses: string[] = [];
  /** Refusals by a `Response`. */
  refused = 0;
  /** Open connections. */
  readonly transports: Set<Transport> = new Set<Transport>();
  #wake: (() => void) | undefined;

  async upgrade(request: Request, peer: PeerInfo): Promise<Upgrade | Response> {
    const url = new URL(request.url);
    const path = url.pathname;
    const offered = request.headers.get("sec-websocket-protocol") ?? "";
    const level = request.headers.get("x-hl-compress") ?? "none";
    this.addresses.push(peer.address);
    if (path === "/late") await new Promise((resolve) => setTimeout(resolve, 5));
    if (path === "/refuse") {
      this.refused++;
      return new Response("not today", {
        status: 400,
        headers: { "x-hl-refused": "OriginRefused" },
      });
    }
    const protocol = offered.includes("hl/2")
      ? "hl/2"
      : path === "/refuse-alias"
      ? "hl.2.no"
      : path === "/extended"
      ? "hl.2.x1"
      : "hl.2";
    const isExtended = protocol === "hl/2" && url.searchParams.has("hl-x");
    return {
      protocol,
      headers: { "x-hl-compress": level, ...(isExtended ? { "x-hl-x": "1" } : {}) },
      open: (transport: Transport): TransportListener => this.#open(path, transport),
    };
  }

  #open(path: string, transport: Transport): TransportListener {
    this.transports.add(transport);
    return {
      onMessage: (message) => {
        if (path === "/close") return transport.close(4321, "as asked");
        if (path === "/cut") return transport.terminate();
        if (path === "/throw") throw new Error("as asked");
        const copy = message.slice();
        transport.send(copy);
        // By the port's contract this has no effect.
        copy.fill(0xee);
      },
      onClose: (info) => {
        this.transports.delete(transport);
        this.ended.push(info);
        this.#wake?.();
      },
    };
  }

  /** Wait until `count` connections have ended. */
  async whenEnded(count: number): Promise<readonly CloseInfo[]> {
    while (this.ended.length < count) await new Promise<void>((wake) => this.#wake = wake);
    return this.ended;
  }
}

/** A client that records its notifications. */
export class Recorder {
  transport: Transport | undefined;
  dialed: Dialed | undefined;
  readonly messages: Uint8Array[] = [];
  readonly ended: CloseInfo[] = [];
  #wake: (() => void) | undefined;

  /** Dial with `dialer`. */
  static async dial(
    dialer: Dialer,
    url: string,
    request: Partial<DialRequest> = {},
  ): Promise<Recorder> {
    const recorder = new Recorder();
    await dialer(
      {
        url,
        level: 4,
        maxMessageBytes: ECHO_MAX_BYTES,
        idleTimeoutMs: 0,
        closeTimeoutMs: 5000,
        signal: new AbortController().signal,
        ...request,
      },
      (transport, dialed) => recorder.open(transport, dialed),
    );
    return recorder;
  }

  open(transport: Transport, dialed: Dialed): TransportListener {
    this.transport = transport;
    this.dialed = dialed;
    return {
      onMessage: (message) => {
        this.messages.push(message.slice());
        this.#wake?.();
      },
      onClose: (info) => {
        this.ended.push(info);
        this.#wake?.();
      },
    };
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    this.transport?.send(message);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((wake) => this.#wake = wake);
  }

  /** Wait for the first `count` messages. */
  async received(count: number): Promise<readonly Uint8Array[]> {
    await this.#until(() => this.messages.length >= count || this.ended.length > 0);
    return this.messages;
  }

  /** Wait for the end. */
  async closed(): Promise<CloseInfo> {
    await this.#until(() => this.ended.length > 0);
    return this.ended[0] ?? { code: 0, reason: "" };
  }
}
