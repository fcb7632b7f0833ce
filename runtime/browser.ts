/**
 * What a page has: the standard `WebSocket`, and somebody who sees it or not.
 *
 * @module
 */
import { ConnectError } from "../wire/errors.ts";
import { ALIAS, levelToken, REFUSED } from "../wire/handshake.ts";
import type { Dialed, DialRequest, TransportListener } from "../wire/transport.ts";

/** Characters of a close's reason that the socket takes, whatever they are: 123 bytes of UTF-8. */
export const MAX_REASON_LENGTH = 41;

/**
 * Open a connection that speaks `hl.2`.
 *
 * The socket itself is the transport. The answer's headers cannot be read, and there are no pings: the
 * server's find dead connections. Nor is there a hard stop: the socket closes as it can. `headers` and
 * `tls` cannot be honoured, and the owner is the one that checks how long messages are.
 *
 * @param request Where, at which level, and what ends the attempt.
 * @param open Told when the socket is open; answers who listens to it.
 */
export function dial(
  { url, level, signal }: Pick<DialRequest, "url" | "level" | "signal">,
  open: (transport: WebSocket, dialed: Dialed) => TransportListener,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [ALIAS, levelToken(level), REFUSED]);
    let listener: TransportListener | undefined;
    const fail = (error: unknown): void => {
      reject(error);
      socket.onclose = null;
      socket.close();
    };
    // It aborts only while the attempt is under way.
    signal.addEventListener("abort", () => fail(signal.reason));
    socket.binaryType = "arraybuffer";
    // Handlers are set before `open` is called, and stay: no message falls between two of them.
    socket.onopen = () => {
      const { protocol } = socket;
      if (protocol !== ALIAS && protocol !== REFUSED) {
        return fail(new ConnectError("ProtocolMismatch", `The server speaks "${protocol}"`));
      }
      resolve();
      listener = open(socket, socket);
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") listener?.onText?.();
      else listener?.onMessage(new Uint8Array(data));
    };
    // An error is always followed by a close.
    socket.onclose = (info) => {
      // Of a refusal Firefox may tell the close alone, where the server hangs up at once.
      if (info.code > 3999) {
        resolve();
        listener ??= open(socket, { protocol: REFUSED });
      }
      fail(
        new ConnectError("Unreachable", `Cannot connect to ${new URL(url).host}: see the console`),
      );
      listener?.onClose(info);
    };
  });
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
