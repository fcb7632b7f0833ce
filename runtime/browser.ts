/**
 * What a page has: the standard `WebSocket`, and somebody who sees it or not.
 *
 * @module
 */
import { ConnectError } from "../wire/errors.ts";
import { ALIAS, EXTENDED, type Extension, levelToken, REFUSED } from "../wire/handshake.ts";
import type { TransportListener } from "../wire/transport.ts";

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
  open: (transport: WebSocket, isRefused: boolean, extension: Extension) => TransportListener,
  fail: (error: unknown) => void,
): () => void {
  const socket = new WebSocket(url, [ALIAS, EXTENDED, levelToken(level), REFUSED]);
  let listener: TransportListener | undefined;
  socket.binaryType = "arraybuffer";
  // Handlers are set before `open` is called, and stay: no message falls between two of them.
  socket.onopen = () => {
    const { protocol } = socket;
    const isRefused = protocol === REFUSED;
    const extension = protocol === EXTENDED ? 1 : 0;
    if (isRefused || extension || protocol === ALIAS) {
      listener = open(socket, isRefused, extension);
    } else fail(new ConnectError("ProtocolMismatch", `The server speaks "${protocol}"`));
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") listener?.onText?.();
    else listener?.onMessage(new Uint8Array(data));
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
    listener?.onClose(info);
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
