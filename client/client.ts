/**
 * {@linkcode ServiceClient}: what survives reconnects.
 *
 * @module
 */
import type { Schema } from "../codec/schema.ts";
import type { CallOptions, CallsOf, MethodInfo, Service } from "../service/types.ts";
import { CloseCode, spreadOf } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import { ConnectError, RpcError } from "../wire/errors.ts";
import { withFingerprint, withReceives } from "../wire/handshake.ts";
import type { Dialer, DialRequest, Transport } from "../wire/transport.ts";
import { onAbort } from "./bounded_iterator.ts";
import { notConnected } from "./calls.ts";
import { type Clock, systemClock } from "../wire/clock.ts";
import { closedError, dialSession } from "./dial.ts";
import { EventHub, type EventsOptions, type EventStream } from "./events.ts";
import {
  type CheckedOptions,
  checkOptions,
  type ConnectOptions,
  type PerAttempt,
  resolve,
  toWebSocketUrl,
} from "./options.ts";
import { makeCalls } from "./proxy.ts";
import { nextAttempt, retry, toError } from "./reconnect.ts";
import { Session, type SessionEnd } from "./session.ts";
import { type ClientState, StateMirror } from "./state_mirror.ts";
import { ClientCounters, type ClientStats } from "./stats.ts";
import { type ClientStatus, StatusBoard } from "./status.ts";
import type { ClientTelemetry } from "./telemetry.ts";
import type { Client } from "./types.ts";
import { pageVisibility, type Visibility } from "./visibility.ts";

/** What a client uses of its surroundings. */
export interface ClientParts {
  /** Opens transports. */
  readonly dial: Dialer;
  /** Deflates and inflates. */
  readonly deflater: Deflater;
  /** Default: {@linkcode systemClock}. */
  readonly clock?: Clock;
  /** What watches, if anything does. */
  readonly telemetry?: ClientTelemetry | undefined;
  /** From 0 to 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Default: the page's, where there is one. */
  readonly visibility?: Visibility;
}

/**
 * Connect by the parts given.
 *
 * @throws {ConnectError} If the first connection cannot be made.
 */
export async function connectWith<Methods, State, Event>(
  service: Service<Methods, State, Event>,
  address: PerAttempt<string | URL>,
  options: ConnectOptions<Methods, State>,
  parts: ClientParts,
): Promise<Client<Methods, State, Event>> {
  const client = new ServiceClient(service, address, options, parts);
  await client.connect();
  return client;
}

/** {@linkcode Client} by the parts given. */
export class ServiceClient<Methods, State, Event> implements Client<Methods, State, Event> {
  readonly #service: Service<Methods, State, Event>;
  readonly #address: PerAttempt<string | URL>;
  readonly #options: ConnectOptions<Methods, State>;
  readonly #checked: CheckedOptions;
  readonly #parts: ClientParts;
  readonly #clock: Clock;
  readonly #events: EventHub<Event>;
  readonly #state: StateMirror<State>;
  /** Aborts when the client is closed. */
  readonly #closing: AbortController = new AbortController();
  /** Sessions whose transport has not ended. */
  readonly #sessions: Set<Session> = new Set();
  readonly #counters: ClientCounters = new ClientCounters();
  readonly #telemetry: ClientTelemetry | undefined;
  readonly #status: StatusBoard = new StatusBoard((error) => this.#reportBug(error));
  /** The session that calls go to. */
  #session: Session | undefined;
  /** Told when a session ends that calls do not go to yet. */
  #onEarlyEnd: ((end: SessionEnd) => void) | undefined;
  /** The number of the attempt that made the session. */
  #attempt = 0;
  #openedAt = 0;
  #forgetSignal: () => void = () => {};
  readonly rpc: CallsOf<Methods>;

  /** Create without a connection: see {@linkcode ServiceClient.connect}. */
  constructor(
    service: Service<Methods, State, Event>,
    address: PerAttempt<string | URL>,
    options: ConnectOptions<Methods, State>,
    parts: ClientParts,
  ) {
    this.#service = service;
    this.#address = address;
    this.#options = options;
    this.#checked = checkOptions(options as ConnectOptions<never, never>);
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#events = new EventHub(this.#checked.limits.maxQueuedEvents);
    this.#state = new StateMirror(service.state, this.#clock, (error) => this.#reportBug(error));
    const { telemetry } = parts;
    this.#telemetry = telemetry;
    const call = (method: MethodInfo, args: unknown, callOptions?: CallOptions) => {
      this.#counters.callsStarted++;
      const session = this.#session;
      if (session === undefined) {
        return Promise.reject(notConnected(method, this.#status.current.cause));
      }
      return session.call(method, args, callOptions);
    };
    this.rpc = makeCalls(
      service.methods,
      telemetry === undefined
        ? call
        : (method, args, callOptions) =>
          telemetry.call(method.name, () => call(method, args, callOptions)),
    );
  }

  get state(): ClientState<State> {
    return this.#state;
  }

  get status(): ClientStatus {
    return this.#status.current;
  }

  get onStatus(): (listener: (status: ClientStatus) => void) => () => void {
    return this.#status.subscribe;
  }

  events(options?: EventsOptions): EventStream<Event> {
    return this.#events.open(options);
  }

  /** Calls that are not settled, event iterators, state watchers and transports that are not ended. */
  get held(): { calls: number; iterators: number; watchers: number; transports: number } {
    let calls = 0;
    for (const session of this.#sessions) calls += session.pendingCalls;
    return {
      calls,
      iterators: this.#events.size,
      watchers: this.#state.watchers,
      transports: this.#sessions.size,
    };
  }

  stats(): ClientStats {
    const { calls, ...held } = this.held;
    let { bytesSent, strayReplies } = this.#counters;
    let bufferedBytes = 0;
    for (const session of this.#sessions) {
      bytesSent += session.sentBytes;
      strayReplies += session.strayReplies;
      bufferedBytes += session.bufferedBytes;
    }
    return {
      ...this.#counters,
      bytesSent,
      strayReplies,
      bufferedBytes,
      unknownStateFields: this.#state.unknownFields,
      callsPending: calls,
      eventIterators: held.iterators,
      stateWatchers: held.watchers,
      transports: held.transports,
    };
  }

  /** Make the first connection. */
  async connect(): Promise<void> {
    this.#forgetSignal = onAbort(this.#options.signal, () => this.#finish());
    try {
      await this.#connectOnce(false);
    } catch (error) {
      this.#counters.attemptsFailed++;
      this.#finish(toError(error));
      throw error;
    }
  }

  async #connectOnce(reconnected: boolean): Promise<void> {
    const { clock, signal } = { clock: this.#clock, signal: this.#closing.signal };
    const { limits } = this.#checked;
    const earlyEnd = new Promise<never>((_, reject) => {
      this.#onEarlyEnd = ({ error, closedBy }) =>
        reject((closedBy && closedError(closedBy)) ?? error);
    });
    earlyEnd.catch(() => {});
    const session = await dialSession({
      dial: this.#parts.dial,
      clock,
      timeoutMs: limits.handshakeTimeoutMs,
      signal,
      request: () => this.#request(),
      open: (transport) => this.#open(transport),
    });
    try {
      await Promise.race([this.#greet(session, reconnected), earlyEnd]);
      // It may have ended since it was opened, and `onConnect` need not have noticed.
      if (!session.live) await earlyEnd;
    } catch (error) {
      session.end(CloseCode.Normal, toError(error));
      throw signal.aborted ? new ConnectError("Cancelled", "The client was closed") : error;
    }
    this.#onEarlyEnd = undefined;
    this.#session = session;
    this.#openedAt = clock.now();
    this.#counters.connectionsOpened++;
    this.#telemetry?.connections(1);
    this.#status.set({ state: "open" });
  }

  async #greet(session: Session, reconnected: boolean): Promise<void> {
    const { onConnect } = this.#options;
    if (onConnect === undefined) return;
    const rpc = makeCalls<Methods>(
      this.#service.methods,
      (method, args, options) => {
        this.#counters.callsStarted++;
        return session.call(method, args, options);
      },
    );
    await onConnect({ rpc, state: this.#state, reconnected });
  }

  async #request(): Promise<Omit<DialRequest, "signal">> {
    const { limits, level } = this.#checked;
    const url = toWebSocketUrl(await resolve(this.#address));
    return {
      url: withReceives(withFingerprint(url, this.#service.fingerprint), limits),
      level,
      tls: this.#options.tls,
      headers: await resolve(this.#options.headers),
      maxMessageBytes: limits.maxMessageBytes,
      idleTimeoutMs: limits.idleTimeoutMs,
      closeTimeoutMs: limits.closeTimeoutMs,
    };
  }

  #open(transport: Transport): Session {
    this.#state.reset();
    const session: Session = new Session(transport, {
      ...this.#checked,
      deflater: this.#parts.deflater,
      clock: this.#clock,
      event: this.#service.event as Schema<unknown> | undefined,
      events: this.#events as unknown as EventHub<unknown>,
      state: this.#state as StateMirror<unknown>,
      counters: this.#counters,
      onEnd: (end) => this.#onEnd(session, end),
    });
    this.#sessions.add(session);
    session.closed().then(() => {
      this.#sessions.delete(session);
      this.#counters.bytesSent += session.sentBytes;
      this.#counters.strayReplies += session.strayReplies;
    });
    return session;
  }

  #onEnd(session: Session, end: SessionEnd): void {
    if (session !== this.#session) {
      this.#onEarlyEnd?.(end);
      return;
    }
    this.#session = undefined;
    this.#telemetry?.connections(-1);
    if (this.#closing.signal.aborted) return;
    const refusal = end.closedBy && closedError(end.closedBy);
    const error = refusal ?? end.error;
    this.#report(error);
    if (this.#options.reconnect === false || refusal?.retryable === false) this.#finish(error);
    else void this.#reconnect(error, spreadMs(end));
  }

  async #reconnect(cause: Error, spreadMs: number): Promise<void> {
    this.#status.set({ state: "reconnecting", cause });
    const failure = await retry({
      clock: this.#clock,
      random: this.#parts.random ?? Math.random,
      signal: this.#closing.signal,
      visibility: this.#parts.visibility ?? pageVisibility,
      spreadMs,
      first: nextAttempt(this.#attempt, this.#clock.now() - this.#openedAt),
      connect: async (attempt) => {
        await this.#connectOnce(true);
        this.#attempt = attempt;
      },
      onFailure: (error) => {
        this.#counters.attemptsFailed++;
        this.#report(error);
        this.#status.set({ state: "reconnecting", cause: error });
      },
    });
    if (failure !== undefined) this.#finish(failure);
  }

  #report(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch (bug) {
      reportError(bug);
    }
  }

  #reportBug(error: unknown): void {
    if (this.#options.onError === undefined) reportError(error);
    else this.#report(error);
  }

  #finish(cause?: Error): void {
    if (this.#closing.signal.aborted) return;
    this.#forgetSignal();
    this.#closing.abort(cause);
    const error = new RpcError("ConnectionLost", "The client was closed", { cause });
    for (const session of this.#sessions) session.end(CloseCode.Normal, error);
    this.#session = undefined;
    this.#events.end();
    this.#state.end();
    this.#status.end(cause);
  }

  async close(): Promise<void> {
    this.#finish();
    await Promise.all(Array.from(this.#sessions, (session) => session.closed()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Milliseconds over which a server that goes away wants its clients to come back. */
function spreadMs({ closedBy }: SessionEnd): number {
  return closedBy?.code === CloseCode.GoingAway ? spreadOf(closedBy.reason) : 0;
}
