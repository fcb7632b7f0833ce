/**
 * The ways from a client to an echo server: each adapter that dials, and each that listens.
 *
 * @module
 */
import { page } from "../../runtime/browser.ts";
import { runtimeName } from "../../runtime/detect.ts";
import { memoryDialer } from "../../runtime/memory.ts";
import { dial as rawDial } from "../../runtime/node/dial.ts";
import type { CloseInfo, Dialer, DialRequest, Transport } from "../../wire/transport.ts";
import { certificates } from "../support/certificates.ts";
import { ALL_LISTENS, EchoAcceptor, type Listen, Recorder } from "../support/echo.ts";

/** A page's sockets, with the checks of their client: message lengths, and use after the end. */
export const pageDial: Dialer = async (request, open) => {
  const { url, level, signal } = request;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = page.dial(
    url,
    level,
    (socket, extension) => {
      resolve();
      let ended = false;
      const end = ({ code, reason }: CloseInfo): void => {
        if (!ended) listener.onClose({ code, reason });
        ended = true;
      };
      const transport: Transport = {
        get bufferedAmount() {
          return ended ? 0 : socket.bufferedAmount;
        },
        send: (message) => socket.send(message),
        close: (code, reason) => socket.close(code, reason),
        terminate() {
          socket.close(1000, "");
          end({ code: 1006, reason: "" });
        },
      };
      const protocol = extension === 1 ? "hl.2.x1" : "hl.2";
      const listener = open(transport, { protocol, extension });
      return {
        onMessage(message) {
          if (message.length <= request.maxMessageBytes) listener.onMessage(message);
          else socket.close(4009, "");
        },
        onClose: end,
      };
    },
    reject,
    ({ code, reason }) => {
      resolve();
      const none = { bufferedAmount: 0, send() {}, close() {}, terminate() {} };
      open(none, { protocol: "hl.2.no" }).onClose({ code, reason });
    },
  );
  signal.addEventListener("abort", () => reject(signal.reason));
  await promise.catch((error) => {
    abort();
    throw error;
  });
};

/** A way from a client to an echo server. */
export interface Way {
  readonly name: string;
  readonly browser: boolean;
  open(): Promise<{
    acceptor: EchoAcceptor;
    dial(path: string, request?: Partial<DialRequest>): Promise<Recorder>;
    [Symbol.asyncDispose](): Promise<void>;
  }>;
}

function overSockets(name: string, dialer: Dialer, listen: Listen, secure: boolean): Way {
  return {
    name,
    browser: dialer === pageDial,
    async open() {
      const acceptor = new EchoAcceptor();
      const { server: { cert, key } } = await certificates();
      const listener = await listen(acceptor, {
        port: 0,
        hostname: "127.0.0.1",
        ...(secure ? { cert, key } : {}),
      });
      const scheme = secure ? "wss" : "ws";
      return {
        acceptor,
        dial: (path, request) =>
          Recorder.dial(dialer, `${scheme}://127.0.0.1:${listener.port}${path}`, {
            ...(secure ? { tls: { ca: cert } } : {}),
            ...request,
          }),
        async [Symbol.asyncDispose]() {
          await acceptor.whenEnded(acceptor.addresses.length - acceptor.refused);
          await listener.close();
        },
      };
    },
  };
}

/** Node 20 has none, and that of Node 22 reports no close of what did not open. */
export const HAS_WEBSOCKET: boolean = runtimeName() !== "node";

export const WAYS: readonly Way[] = [
  ...Object.entries(ALL_LISTENS).flatMap(([name, listen]) => [
    overSockets(`raw ws to ${name}`, rawDial, listen, false),
    overSockets(`raw wss to ${name}`, rawDial, listen, true),
    ...(HAS_WEBSOCKET ? [overSockets(`built-in ws to ${name}`, pageDial, listen, false)] : []),
  ]),
  {
    name: "memory",
    browser: false,
    open() {
      const acceptor = new EchoAcceptor();
      return Promise.resolve({
        acceptor,
        dial: (path, request) =>
          Recorder.dial(memoryDialer(acceptor), `ws://memory${path}`, request),
        async [Symbol.asyncDispose]() {
          await acceptor.whenEnded(acceptor.addresses.length - acceptor.refused);
        },
      });
    },
  },
];

/** A message of so many bytes. */
export const pattern = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(size).map((_, i) => i * 31 + (i >> 8));
