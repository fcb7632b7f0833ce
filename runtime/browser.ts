/**
 * A page's environment: the standard `WebSocket` and the page's visibility.
 *
 * @module
 */
import { readBlocks, storeBlocks } from "../deflate/stored_blocks.ts";
import { badDeflate, tooBig } from "../wire/faults.ts";
import type { Framing } from "../wire/deflater.ts";
import { NORMAL } from "../wire/close.ts";
import { ConnectError } from "../wire/errors.ts";
import { ALIAS, type Extension } from "../wire/handshake.ts";
import type { CloseInfo, TransportListener } from "../wire/transport.ts";

/** The page's window, or a worker. */
const here = globalThis as unknown as Listened & { document?: { hidden: boolean } };

/** What a page's client needs of the page. */
export const page = {
  /** A message takes long to a page, also between two processes of one computer. */
  moreBytes: 262_144,
  /** Milliseconds since a fixed time. */
  now: (): number => performance.now(),
  /**
   * Do something later, once; returns how not to. As for `systemClock`, a timer that is late lets what has come
   * meanwhile be heard first. Delays are below 2³¹.
   */
  after(delayMs: number, run: () => void): () => void {
    // As in `wire/clock.ts`. A timer later than the first is late, and leaves the second for what came meanwhile.
    const LATE_MS = 5;
    const GRACE_MS = 20;
    const lateMs = performance.now() + delayMs + LATE_MS;
    let id = setTimeout(() => {
      if (performance.now() < lateMs) run();
      else id = setTimeout(run, GRACE_MS);
    }, delayMs);
    return () => clearTimeout(id);
  },
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
  dial(
    url: string,
    level: number,
    open: (transport: WebSocket, extension: Extension) => TransportListener,
    fail: (error: unknown) => void,
    refuse: (info: CloseInfo) => void,
  ): () => void {
    // `EXTENDED` and `REFUSAL_TOKEN`, of fewer bytes.
    const tokens = [ALIAS, `${ALIAS}.x1`, `${ALIAS}.c${level}`, `${ALIAS}.no`];
    const socket = new WebSocket(url, tokens);
    let isRefused = false;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const { protocol } = socket;
      const chosen = tokens.indexOf(protocol);
      if (chosen === 0 || chosen === 1) listen(socket, open(socket, chosen));
      // Its close says why, and comes later where the runtime upgrades. One from here could be answered instead.
      else if (chosen === 3) isRefused = true;
      else fail(new ConnectError("ProtocolMismatch", `The server speaks "${protocol}"`));
    };
    // An error is always followed by a close.
    socket.onclose = (info) => {
      // If the server hangs up at once after a refusal, Firefox may only report the close.
      if (isRefused || info.code > 3999) refuse(info);
      else {
        fail(
          new ConnectError(
            "Unreachable",
            `Cannot connect to ${new URL(url).host}: see the console`,
          ),
        );
      }
    };
    return () => {
      socket.onopen = null;
      socket.close(NORMAL);
    };
  },
  /** Call a function when a signal aborts, at once if it has; returns a function that unsubscribes. */
  onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
    if (signal?.aborted) run();
    return on(signal, "abort", run);
  },
  /**
   * Run a step after a pause that ends early when the page is shown or is back on the network, after 500 ms at the
   * earliest, and not while the page is hidden; returns a function that cancels. The step is told of an early end. A worker has no
   * page.
   */
  pause(delayMs: number, run: (early?: unknown) => void): () => void {
    // There may be any number of these events. Once its time is over, on a hidden page, the next one ends it.
    let floorMs: number | undefined = page.now() + 500;
    const look = (event?: object): void => {
      floorMs = event && floorMs;
      if (!(here.document?.hidden || page.now() < floorMs!)) run(event);
    };
    const stops = [
      page.after(delayMs, look),
      on(here, "visibilitychange", look),
      on(here, "online", look),
    ];
    return () => stops.forEach((stop) => stop());
  },
  /** Report an error that nobody listens for, as uncaught. Node has no `reportError`. */
  reportBug(bug: unknown): void {
    setTimeout(() => {
      throw bug;
    });
  },
};

/** Tell the listener of an open socket. No message comes before the handler of its opening returns. */
function listen(socket: WebSocket, listener: TransportListener): void {
  /** Messages that wait while readers of events catch up. */
  const unheard: Uint8Array[] = [];
  let ended: CloseEvent | undefined;
  const hear = (): void => {
    for (let message; (message = unheard[0]);) {
      const { length } = message;
      const heard = listener.onMessage(message) ?? length;
      if (Math.abs(heard) < length) unheard[0] = message.subarray(Math.abs(heard));
      else unheard.shift();
      // What comes later comes in a turn of its own.
      if (heard < 0 && unheard[0]) return void setTimeout(hear);
    }
    if (ended) listener.onClose(ended);
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") listener.onText?.();
    else if (unheard.push(new Uint8Array(data)) < 2) {
      hear();
      // Else the collector runs every few of them, and each takes new memory from the system.
      if (!listener.takesMemory && !unheard[0] && data.byteLength >= 16_384) data.transfer?.(0);
    }
  };
  socket.onclose = (info) => {
    ended = info;
    if (!unheard[0]) hear();
  };
}

/** Listen to an event; returns a function that stops it. Without a target there are none, nor are there in Node. */
function on(
  target: Listened | undefined,
  type: string,
  run: (event?: object) => void,
): () => void {
  target?.addEventListener?.(type, run);
  return () => target?.removeEventListener?.(type, run);
}

/** The part of an `EventTarget` that is used. */
type Listened = Partial<Pick<EventTarget, "addEventListener" | "removeEventListener">>;

interface Document extends Listened {
  readonly visibilityState: string;
}

/** Framing for a client with level 0, which receives only stored blocks. */
export const storedFraming: Framing = {
  waitingBytes: 0,
  frame: (archive, post) => post(storeBlocks(archive)),
  unframe(message, { maxMessageBytes, maxInflatedBytes }, read, mayBeMore) {
    const [archive, end, fault] = readBlocks(message, maxInflatedBytes, mayBeMore);
    if (fault) throw badDeflate(fault, maxInflatedBytes);
    if (end > maxMessageBytes) throw tooBig("maxMessageBytes", maxMessageBytes);
    read(archive, 0, archive.length);
    return end;
  },
};
