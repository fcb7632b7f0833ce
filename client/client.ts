/**
 * {@linkcode createClient}: a client, which survives reconnects.
 *
 * @module
 */
import type { Schema } from "../codec/schema.ts";
import { fingerprintOf } from "../service/fingerprint.ts";
import type { CallOptions, CallsOf, MethodInfo, NoMethods, Service } from "../service/types.ts";
import { ConnectError } from "../wire/errors.ts";
import { cleanup, tell } from "../wire/listener.ts";
import { createEventHub, type EventHub } from "./events.ts";
import { closed, failed, lost, toError } from "./failures.ts";
import { observable } from "./observable.ts";
import { type ConnectOptions, type PerAttempt, toWebSocketUrl } from "./options.ts";
import type { ClientParts, MakeCall } from "./parts.ts";
import { nextBackoffMs } from "./reconnect.ts";
import { FIRST_BACKOFF_MS } from "../wire/page_limits.ts";
import { openSession, type Session, type SessionHost } from "./session.ts";
import { mirrorState, type StateMirror } from "./state_mirror.ts";
import { type Client, type ClientStatus, NO_COUNTS } from "./types.ts";
import { interruptible, type Start } from "../wire/waiting.ts";

/** A client that is not yet connected. */
export interface UnconnectedClient<Methods, State, Event> extends Client<Methods, State, Event> {
  /**
   * Make the first connection, and reconnect from then on.
   *
   * @returns The client itself.
   * @throws {ConnectError} If it cannot be made. Errors of `onConnect` are thrown unchanged.
   */
  connect(): Promise<Client<Methods, State, Event>>;
}

/** Create a client from the given parts, without a connection. */
export function createClient<Methods, State, Event, ClientMethods = NoMethods>(
  service: Service<Methods, State, Event, ClientMethods>,
  address: PerAttempt<string | URL>,
  options: ConnectOptions<Methods, State, ClientMethods>,
  parts: ClientParts,
): UnconnectedClient<Methods, State, Event> {
  const closing = new AbortController();
  const { signal } = closing;
  const counters = { ...NO_COUNTS };
  /** Sessions with an open transport. */
  const sessions = new Set<Session>();
  /** The session for calls. */
  let current: Session | undefined;
  const [defer, stop] = cleanup();

  const report = (error: unknown): void => tell(options.onError, error);
  const onBug = (bug: unknown): void => tell(options.onError ?? parts.reportBug, bug);
  const events = createEventHub<Event>(parts.limits, report, parts.onAbort);
  const state = mirrorState<State>(service.state, parts, onBug);
  const status = observable<ClientStatus>({ state: "connecting" }, onBug);
  const host: SessionHost = {
    ...parts,
    event: service.event as Schema<unknown> | undefined,
    events: events as EventHub<unknown>,
    state: state as StateMirror<unknown>,
    counters,
    report,
  };

  const callsOn = (session: () => Session | undefined): CallsOf<Methods> => {
    const call: MakeCall = (method, args, options, streaming) => {
      counters.callsStarted++;
      return session()?.calls.call(method, args, options, streaming) ??
        Promise.reject(
          failed(
            "ClientNotConnected",
            method,
            status.current.cause,
            `the client is ${status.current.state}`,
          ),
        );
    };
    return makeCalls(service.methods, parts.watch?.(call) ?? call, parts.uploading);
  };

  const interrupted = (
    code: "Cancelled" | "DeadlineExceeded",
    why: string = code,
  ): ConnectError =>
    new ConnectError(
      code === "Cancelled" ? code : "TimedOut",
      `Cannot connect: ${why}`,
      { cause: signal.reason },
    );

  /** Wait for a step, unless the client is closed. */
  const whileOpen = <T>(start: Start<T>, timeoutMs?: number): Promise<T> =>
    interruptible(parts, start, interrupted, signal, timeoutMs);

  /** Begin to dial, wherever that is. */
  const dial: Start<Session> = (resolve, reject) => {
    let isOver = false;
    let stop: (() => void) | undefined;
    const start = async (): Promise<void> => {
      const at = typeof address === "function" ? await address() : address;
      if (isOver) return;
      stop = parts.dial(
        toWebSocketUrl(at, service.fingerprint, parts.limits),
        parts.level,
        (transport, extension) => {
          const session = openSession(transport, host, extension);
          sessions.add(session);
          void session.closed.then(() => sessions.delete(session));
          stop = undefined;
          // Last: a watcher of the state may close the client.
          state.reset();
          resolve(session);
          return session;
        },
        reject,
        (info) => reject(closed(info, "BadHandshake")),
      );
    };
    start().catch(reject);
    return () => {
      isOver = true;
      stop?.();
    };
  };

  const connectOnce = async (): Promise<Session> => {
    let session: Session | undefined;
    try {
      session = await whileOpen(dial, parts.limits.handshakeTimeoutMs);
      await Promise.race([
        options.onConnect?.({
          rpc: callsOn(() => session),
          state,
          reconnected: counters.connectionsOpened > 0,
        }),
        session.ended,
      ]);
      // It may have ended meanwhile without `onConnect` noticing.
      if (session.ending) throw session.ending[0];
    } catch (reason) {
      const ending = session?.ending?.[0];
      session?.end(toError(reason));
      counters.attemptsFailed++;
      if (signal.aborted) throw interrupted("Cancelled");
      const error = ending && !(ending instanceof ConnectError)
        ? new ConnectError("ConnectionLost", ending.message, { cause: ending })
        : ending ?? reason;
      throw (error as ConnectError).code === "SchemaMismatch"
        // Pages load the explanation only now.
        ? await import("../service/mismatch.ts").then(
          ({ explained }) => explained(error as ConnectError, service, fingerprintOf),
          () => error,
        )
        : error;
    }
    current = session;
    counters.connectionsOpened++;
    status.set({ state: "open" });
    return session;
  };

  /** Keep up a connection, and reconnect until the client closes. */
  const stay = async (session?: Session): Promise<void> => {
    let spreadMs = 0;
    for (let backoffMs = FIRST_BACKOFF_MS;;) {
      let error: Error;
      let isBroken;
      let lastedMs = 0;
      let heardBefore = Infinity;
      try {
        if (!session) {
          const pauseMs = Math.max(backoffMs, spreadMs) * (parts.random ?? Math.random)();
          if (await whileOpen((wake) => parts.pause(pauseMs, wake))) backoffMs = FIRST_BACKOFF_MS;
          session = await connectOnce();
        }
        const openedAt = parts.now();
        heardBefore = counters.messagesReceived;
        [error, spreadMs, isBroken] = await session.ended;
        if (!isBroken) lastedMs = parts.now() - openedAt;
      } catch (reason) {
        error = toError(reason);
        spreadMs = 0;
      }
      session = current = undefined;
      backoffMs = nextBackoffMs(backoffMs, lastedMs, counters.messagesReceived > heardBefore);
      if (signal.aborted) return;
      report(error);
      if (options.reconnect === false || (error instanceof ConnectError && !error.retryable)) {
        return finish(error);
      }
      status.set({ state: "reconnecting", cause: error });
    }
  };

  const finish = (cause?: Error, reason: unknown = cause): void => {
    if (signal.aborted) return;
    stop();
    closing.abort(reason);
    const error = lost("the client was closed", cause);
    for (const session of sessions) session.end(error);
    current = undefined;
    events.end();
    state.end();
    status.set({ state: "closed", ...cause && { cause } });
    status.end();
  };

  const close = async (): Promise<void> => {
    finish();
    await Promise.all([...sessions].map(({ closed }) => closed));
  };

  const client: UnconnectedClient<Methods, State, Event> = {
    rpc: callsOn(() => {
      // Later errors may be caused by the program.
      events.release();
      return current;
    }),
    state,
    get status() {
      return status.current;
    },
    onStatus: status.watch,
    events: events.open,
    stats() {
      const stats = {
        ...counters,
        callsPending: 0,
        streamsOpen: 0,
        eventIterators: events.size(),
        stateWatchers: state.watchers.size,
        transports: sessions.size,
        bufferedBytes: 0,
      };
      for (const { calls } of sessions) {
        stats.callsPending += calls.pending;
        stats.streamsOpen += calls.streams?.size ?? 0;
        stats.bytesSent += calls.sentBytes ?? 0;
        stats.bufferedBytes += calls.bufferedBytes;
      }
      return stats;
    },
    async connect() {
      defer(parts.onAbort(options.signal, () => finish(undefined, options.signal!.reason)));
      try {
        void stay(await connectOnce());
      } catch (error) {
        finish(toError(error));
        throw error;
      }
      // The program opens its iterators before any timer fires and before any call.
      defer(parts.after(0, events.release));
      return client;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  parts.follow?.(client);
  return client;
}

/** A frozen object with one function per method, none of which needs `this`. */
export function makeCalls<Methods>(
  methods: readonly MethodInfo[],
  call: MakeCall,
  uploading?: ClientParts["uploading"],
): CallsOf<Methods> {
  const calls: Record<string, (args?: unknown, options?: CallOptions) => unknown> = {};
  for (const method of methods) {
    const { startCall } = method;
    calls[method.name] = (args = {}, options) =>
      startCall ? startCall(call, method, args, options, uploading) : call(method, args, options);
  }
  return Object.freeze(calls) as CallsOf<Methods>;
}
