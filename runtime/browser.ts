/**
 * What a page has: the standard `WebSocket`, a clock, and somebody who sees it or not.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import { ConnectError } from "../wire/errors.ts";
import { ALIAS, levelToken, REFUSED } from "../wire/handshake.ts";
import type {
  Dialed,
  Dialer,
  DialRequest,
  Transport,
  TransportListener,
} from "../wire/transport.ts";

/** Characters of a close's reason: 123 bytes, whatever they are. */
const MAX_REASON_LENGTH = 41;

/**
 * Open a connection that speaks `hl.2`.
 *
 * The answer's headers cannot be read: {@linkcode Dialed.level} is `undefined`. There are no pings
 * either: `idleTimeoutMs` has no effect, the server's pings find dead connections. Nor is there a hard
 * stop: after `terminate()` the socket closes as it can. `headers` and `tls` are not to be given, and
 * the owner is the one that checks how long messages are.
 */
export const dial: Dialer = (
  { url, level, signal }: DialRequest,
  open: (transport: Transport, dialed: Dialed) => TransportListener,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [ALIAS, levelToken(level), REFUSED]);
    let listener: TransportListener | undefined;
    const fail = (error: unknown): void => {
      reject(error);
      socket.close();
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener("abort", onAbort);
    socket.binaryType = "arraybuffer";
    // Handlers are set before `open` is called, and stay: no message falls between two of them.
    socket.onopen = () => {
      const { protocol } = socket;
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) return;
      if (protocol !== ALIAS && protocol !== REFUSED) {
        return fail(new ConnectError("ProtocolMismatch", `The server speaks "${protocol}"`));
      }
      resolve();
      listener = open({
        send: (message) => socket.send(message),
        close: (code, reason) => socket.close(code, reason.slice(0, MAX_REASON_LENGTH)),
        terminate: () => socket.close(),
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
      }, { protocol, level: undefined });
    };
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") listener?.onMessage(new Uint8Array(data));
    };
    // An error is always followed by a close.
    socket.onclose = (info) => {
      fail(
        new ConnectError(
          "Unreachable",
          `Cannot connect to ${new URL(url).host}: the console can tell why`,
        ),
      );
      listener?.onClose(info);
    };
  });

/** A timer that is later than this, in milliseconds, is late. */
const LATE_MS = 5;
/** Milliseconds that a late timer leaves for what has come in the meantime. */
const GRACE_MS = 20;
/** Longest delay that `setTimeout` takes; more would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A page's clock: as `systemClock`, a timer that is late lets what has come meanwhile be heard first. */
export const pageClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const dueMs = performance.now() + delayMs + LATE_MS;
    const timer = {
      id: setTimeout(() => {
        const now = performance.now();
        if (now < dueMs) run(now);
        else timer.id = setTimeout(run, GRACE_MS, now);
      }, Math.min(delayMs, MAX_DELAY_MS)),
    };
    return timer;
  },
  clear: (timer) => clearTimeout((timer as { id?: number } | undefined)?.id),
};

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
