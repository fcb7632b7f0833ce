/**
 * A service whose methods stream, its handlers, and every way for a client to reach it.
 *
 * @module
 */
import { connect as connectInPage } from "../../browser.ts";
import { type Client, connect, type ConnectOptions } from "../../client.ts";
import { memoryPair } from "../../memory.ts";
import {
  bool,
  bytes,
  type ClientMethodsOf,
  type EventOf,
  type MethodsOf,
  rpc,
  service,
  type StateOf,
  stream,
  string,
  u32,
} from "../../mod.ts";
import type { Handlers } from "../../mod.ts";
import { handler, serve, type ServerOptions, type ServiceHandler } from "../../server.ts";
import { serveByWs } from "./ws_server.ts";

/** The service. */
export const Files = service({
  name: "Files",
  rpc: {
    ping: rpc({}, u32),
    lines: rpc({ count: u32 }, stream(string)),
    endless: rpc({ bytes: u32 }, stream(bytes)),
    fail: rpc({ how: string }, stream(string)),
    upload: rpc({ name: string, parts: stream(bytes) }, u32),
    first: rpc({ parts: stream(bytes) }, u32),
    late: rpc({ parts: stream(bytes) }, u32),
    chat: rpc({ lines: stream(string) }, stream(string)),
    wait: rpc(),
    ask: rpc({ text: string }, bool),
    drop: rpc(),
  },
  client: { confirm: rpc({ text: string }, bool), hang: rpc() },
});

type Methods = MethodsOf<typeof Files>;
type ClientMethods = ClientMethodsOf<typeof Files>;
type State = StateOf<typeof Files>;
type Event = EventOf<typeof Files>;

/** A client of it. */
export type FilesClient = Client<Methods, State, Event>;
/** How to connect to it. */
export type FilesOptions = ConnectOptions<Methods, State, ClientMethods>;

/** The server's record of a test. */
export class Happened {
  /** Items that sources were pulled for. */
  pulled = 0;
  /** Sources whose `finally` ran. */
  returned = 0;
  /** Signals of calls that aborted. */
  aborted = 0;
  /** Parts that came after the signal of their call. */
  late = 0;
  /** Codes with which streams of arguments ended. */
  readonly codes: string[] = [];
  /** Errors reported to `onError`. */
  readonly errors: unknown[] = [];
}

/** Wait until a signal aborts. */
export const aborts = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });

/** The handlers of one connection. */
function handlersOf(
  happened: Happened,
): ServiceHandler<Methods, State, Event, undefined, ClientMethods> {
  return ({ client, connection }): Handlers<typeof Files> => ({
    ping: () => 7,
    async *lines({ count }) {
      try {
        for (let i = 0; i < count; i++) {
          happened.pulled++;
          yield `line ${i}`;
          if (i % 100 === 99) await Promise.resolve();
        }
      } finally {
        happened.returned++;
      }
    },
    async *endless({ bytes: length }, { signal }) {
      const part = new Uint8Array(length);
      void aborts(signal).then(() => happened.aborted++);
      try {
        for (;; happened.pulled++) {
          yield part;
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      } finally {
        happened.returned++;
      }
    },
    fail({ how }) {
      if (how === "at once") throw new Error("secret");
      if (how === "no source") return 5 as never;
      return (function* () {
        yield "one";
        if (how === "later") throw new Error("secret");
        yield 5 as never;
      })();
    },
    async upload({ parts }) {
      let length = 0;
      try {
        for await (const part of parts) length += part.length;
      } catch (error) {
        happened.codes.push((error as { code: string }).code);
        throw error;
      } finally {
        happened.returned++;
      }
      return length;
    },
    async first({ parts }) {
      for await (const part of parts) return part.length;
      return 0;
    },
    async late({ parts }, { signal }) {
      await parts.next();
      await aborts(signal);
      try {
        for await (const _ of parts) happened.late++;
      } catch (error) {
        happened.codes.push((error as { code: string }).code);
      }
      return 0;
    },
    async *chat({ lines }) {
      try {
        for await (const line of lines) yield `you said ${line}`;
      } finally {
        happened.returned++;
      }
    },
    async wait(_, { signal }) {
      await aborts(signal);
      happened.aborted++;
    },
    drop: () => connection.close(4001, "Dropped"),
    ask: ({ text }) => client.confirm({ text }, { timeoutMs: 5000 }),
  });
}

/** A server and its first client. */
export interface FilesPair extends AsyncDisposable {
  readonly client: FilesClient;
  readonly happened: Happened;
  /** The server's statistics. */
  stats(): { readonly callsInFlight: number; readonly itemsReceived: number };
  /** Cut the connections from the server's side. */
  closeServer(): Promise<void>;
}

/** A way for a client to reach the service. */
export type Reach = (
  options?: FilesOptions,
  server?: ServerOptions<undefined>,
) => Promise<FilesPair>;

const overSockets = (dial: typeof connect): Reach => async (options = {}, serverOptions = {}) => {
  const happened = new Happened();
  const onError = (error: unknown): void => void happened.errors.push(error);
  const server = await serve(
    Files,
    { hostname: "127.0.0.1", port: 0, tls: "plain", onError, ...serverOptions },
    handlersOf(happened),
  );
  const client = await dial(Files, server.url, options);
  return {
    client,
    happened,
    stats: () => server.stats(),
    closeServer: () => server.close({ deadlineMs: 0 }),
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.close();
    },
  };
};

const overWs = (serveBy: NonNullable<typeof serveByWs>): Reach => async (options, server) => {
  const happened = new Happened();
  const onError = (error: unknown): void => void happened.errors.push(error);
  const mounted = handler(Files, { onError, ...server }, handlersOf(happened));
  const { url, close } = await serveBy(mounted);
  const client = await connect(Files, url, options);
  return {
    client,
    happened,
    stats: () => mounted.stats(),
    closeServer: () => mounted.close({ deadlineMs: 0 }),
    async [Symbol.asyncDispose]() {
      await client.close();
      await mounted.close();
      await close();
    },
  };
};

/** Every way for a client to reach it. */
export const REACHES: Readonly<Record<string, Reach>> = {
  "in memory": async (client = {}, serverOptions = {}) => {
    const happened = new Happened();
    const onError = (error: unknown): void => void happened.errors.push(error);
    const pair = await memoryPair(Files, handlersOf(happened), {
      client,
      server: { onError, ...serverOptions },
    });
    return {
      client: pair.client,
      happened,
      stats: () => pair.server.stats(),
      closeServer: () => pair.server.close({ deadlineMs: 0 }),
      [Symbol.asyncDispose]: () => pair.close(),
    };
  },
  "over a socket": overSockets(connect),
  ...(serveByWs ? { "over a socket of ws": overWs(serveByWs) } : {}),
  // Node 20 has no built-in WebSocket.
  ...("WebSocket" in globalThis ? { "from a page": overSockets(connectInPage) } : {}),
};
