/**
 * A page's environment: the standard `WebSocket` and the page's visibility.
 *
 * @module
 */
import { MAX_BATCH_BYTES } from "../wire/layout.ts";
import { NORMAL } from "../wire/close.ts";
import { ConnectError } from "../wire/errors.ts";
import { ALIAS, EXTENDED, type Extension, REFUSED } from "../wire/handshake.ts";
import type { CloseInfo, Transport, TransportListener } from "../wire/transport.ts";
import { turns } from "../wire/turn_end.ts";

/** The part of a socket that a page's client uses. */
export type PageTransport = Pick<Transport, "bufferedAmount" | "send" | "close">;

/**
 * A socket that sends the messages of one turn as one, if that is agreed on. Its bytes are kept in one place: a page
 * has few sockets.
 */
function gathering(socket: WebSocket, extension: Extension): PageTransport {
  const maxBytes = extension && MAX_BATCH_BYTES;
  const batch = new Uint8Array(maxBytes);
  let bytes = 0;
  const flush = (): void => {
    if (bytes > 0) socket.send(batch.subarray(0, bytes));
    bytes = 0;
  };
  return {
    get bufferedAmount() {
      return socket.bufferedAmount + bytes;
    },
    send(message) {
      const { length } = message;
      if (bytes + length > maxBytes) flush();
      if (length >= maxBytes) return socket.send(message);
      if (bytes === 0) turns.atEnd(() => bytes, flush);
      batch.set(message, bytes);
      bytes += length;
    },
    close(code, reason) {
      flush();
      // With any characters: the socket accepts 123 bytes of UTF-8.
      socket.close(code, reason.slice(0, 41));
    },
  };
}

/**
 * Open a connection that speaks `hl.2`.
 *
 * A page cannot read the answer's headers, and cannot ping: the server's pings detect dead connections. It cannot
 * cut a connection either: the socket closes in its own time. `headers` and `tls` are not supported. The owner
 * checks the length of messages.
 *
 * @param url The address: `ws:` or `wss:`.
 * @param level The compression level to request.
 * @param open Called when the socket is open, with the agreed extension; returns the socket's listener.
 * @param fail Called when the socket cannot open.
 * @param refuse Called with the close by which the server refused. Exactly one of the three is called, once.
 * @returns Ends a pending attempt.
 */
export function dial(
  url: string,
  level: number,
  open: (transport: PageTransport, extension: Extension) => TransportListener,
  fail: (error: unknown) => void,
  refuse: (info: CloseInfo) => void,
): () => void {
  const socket = new WebSocket(url, [ALIAS, EXTENDED, `${ALIAS}.c${level}`, REFUSED]);
  let listener: TransportListener | undefined;
  let isRefused = false;
  /** Messages that wait while readers of events catch up. */
  const unheard: Uint8Array[] = [];
  let isWaiting = false;
  let ended: CloseEvent | undefined;
  const hear = (): void => {
    isWaiting = false;
    for (let message; !isWaiting && (message = unheard[0]);) {
      const heard = listener?.onMessage(message) ?? message.length;
      isWaiting = heard < 0;
      unheard[0] = message.subarray(Math.abs(heard));
      if (unheard[0].length === 0) unheard.shift();
      if (isWaiting) setTimeout(hear);
    }
    if (ended && !isWaiting) listener?.onClose(ended);
  };
  const stop = (): void => {
    socket.onopen = null;
    socket.close(NORMAL);
  };
  socket.binaryType = "arraybuffer";
  // Handlers are set before `open` is called and stay, so that no message is lost.
  socket.onopen = () => {
    const { protocol } = socket;
    const extension = protocol === EXTENDED ? 1 : 0;
    if (extension || protocol === ALIAS) {
      listener = open(gathering(socket, extension), extension);
    } else if (protocol === REFUSED) {
      // Its close says why, and comes later where the runtime upgrades. One from here could be answered instead.
      isRefused = true;
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
    ended = info;
    if (!isWaiting) hear();
    if (listener) return;
    // If the server hangs up at once after a refusal, Firefox may only report the close.
    if (isRefused || info.code > 3999) refuse(info);
    else {
      fail(
        new ConnectError("Unreachable", `Cannot connect to ${new URL(url).host}: see the console`),
      );
    }
  };
  return stop;
}

/** Call a function when a signal aborts, at once if it has; returns a function that unsubscribes. */
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

/** Run a step when the page is visible, at once if it is; returns a function that cancels. A worker has no page. */
export function whenVisible(run: () => void): () => void {
  const page = (globalThis as { document?: Page }).document;
  const look = (): void => {
    if (page?.visibilityState !== "hidden") run();
  };
  look();
  page?.addEventListener("visibilitychange", look);
  return () => page?.removeEventListener("visibilitychange", look);
}
