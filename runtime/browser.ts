/**
 * What a page has: the standard `WebSocket`, and somebody who sees it or not.
 *
 * @module
 */
import { ConnectError } from "../wire/errors.ts";
import { ALIAS, EXTENDED, type Extension, levelToken, REFUSED } from "../wire/handshake.ts";
import type { Transport, TransportListener } from "../wire/transport.ts";
import { Gatherer } from "./gatherer.ts";

/** What of a socket a page's client uses. */
export type PageTransport = Pick<WebSocket, "bufferedAmount" | "close"> & Pick<Transport, "send">;

/** A socket that sends the messages of one turn as one. */
function gathering(socket: WebSocket): PageTransport {
  const gatherer = new Gatherer((message) => socket.send(message));
  return {
    get bufferedAmount() {
      return socket.bufferedAmount + gatherer.bytes;
    },
    send: (message) => gatherer.send(message),
    close(code, reason) {
      gatherer.flush();
      socket.close(code, reason);
    },
  };
}

/**
 * Open a connection that speaks `hl.2`.
 *
 * The socket itself is the transport. The answer's headers cannot be read, and there are no pings: the
 * server's find dead connections. Nor is there a hard stop: the socket closes as it can. `headers` and
 * `tls` cannot be honoured, and the owner is the one that checks how long messages are.
 *
 * @param url Where: `ws:` or `wss:`.
 * @param level The level of compression to ask for.
 * @param open Told when the socket is open, whether to be refused, and what was agreed on; answers who
 * listens to it.
 * @param fail Told that it will not open. Once it has, this means nothing.
 * @returns Ends the attempt.
 */
export function dial(
  url: string,
  level: number,
  open: (transport: PageTransport, isRefused: boolean, extension: Extension) => TransportListener,
  fail: (error: unknown) => void,
): () => void {
  const socket = new WebSocket(url, [ALIAS, EXTENDED, levelToken(level), REFUSED]);
  let listener: TransportListener | undefined;
  /** What came, and waits while those who read events are given time. */
  const unheard: Uint8Array[] = [];
  let isWaiting = false;
  let ended: CloseEvent | undefined;
  const hear = (): void => {
    isWaiting = false;
    while (unheard.length > 0 && !isWaiting) {
      const heard = listener?.onMessage(unheard[0]!);
      if (typeof heard !== "number") unheard.shift();
      else unheard[0] = unheard[0]!.subarray(Math.abs(heard));
      isWaiting = heard === true || (heard as number) < 0;
      if (isWaiting) setTimeout(hear);
    }
    if (ended && !isWaiting) listener?.onClose(ended);
  };
  socket.binaryType = "arraybuffer";
  // Handlers are set before `open` is called, and stay: no message falls between two of them.
  socket.onopen = () => {
    const { protocol } = socket;
    const isRefused = protocol === REFUSED;
    const extension = protocol === EXTENDED ? 1 : 0;
    if (isRefused || extension || protocol === ALIAS) {
      const transport = extension ? gathering(socket) : socket;
      listener = open(transport, isRefused, extension);
    } else fail(new ConnectError("ProtocolMismatch", `The server speaks "${protocol}"`));
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") listener?.onText?.();
    else {
      unheard.push(new Uint8Array(data));
      if (!isWaiting) hear();
    }
  };
  // An error is always followed by a close.
  socket.onclose = (info) => {
    // Of a refusal Firefox may tell the close alone, where the server hangs up at once.
    if (info.code > 3999) listener ??= open(socket, true, 0);
    else if (!listener) {
      fail(
        new ConnectError("Unreachable", `Cannot connect to ${new URL(url).host}: see the console`),
      );
    }
    ended = info;
    if (!isWaiting) hear();
  };
  return () => socket.close();
}

/** Do something when a signal aborts, at once if it has; returns how to stop waiting for it. */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  if (signal?.aborted) run();
  signal?.addEventListener("abort", run);
  return () => signal?.removeEventListener("abort", run);
}

interface Page {
  readonly visibilityState: string;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** Run a step when somebody sees the page, at once if that is so; returns how to stop. A worker has no page. */
export function whenVisible(run: () => void): () => void {
  const page = (globalThis as { document?: Page }).document;
  const look = (): void => {
    if (page?.visibilityState !== "hidden") run();
  };
  look();
  page?.addEventListener("visibilitychange", look);
  return () => page?.removeEventListener("visibilitychange", look);
}
