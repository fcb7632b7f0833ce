/**
 * {@linkcode ServiceClient}: what survives reconnects.
 *
 * @module
 */
import { type Codec, interpret } from "../codec/archive.ts";
import type { Schema } from "../codec/schema.ts";
import { fingerprintOf } from "../service/fingerprint.ts";
import type { CallsOf, Service } from "../service/types.ts";
import { type Clock, systemClock } from "../wire/clock.ts";
import { CloseCode } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import { ConnectError, RpcError } from "../wire/errors.ts";
import { tell } from "../wire/listener.ts";
import type { Dialer, DialRequest, Transport } from "../wire/transport.ts";
import { notConnected } from "./calls.ts";
import { onAbort, wait } from "./cleanup.ts";
import { cancelled, dialSession } from "./dial.ts";
import { endedEarly, isFinal, toError } from "./ends.ts";
import { EventHub, type EventsOptions, type EventStream } from "./events.ts";
import { Observable } from "./observable.ts";
import {
  checkOptions,
  type ConnectOptions,
  type PerAttempt,
  resolve,
  toWebSocketUrl,
} from "./options.ts";
import { type Caller, makeCalls } from "./proxy.ts";
import { backoffMs, nextAttempt } from "./reconnect.ts";
import { reportBug } from "./report.ts";
import { Session, type SessionHost } from "./session.ts";
import { type ClientState, StateMirror } from "./state_mirror.ts";
import { ClientCounters, type ClientStats } from "./stats.ts";
import type { ClientStatus } from "./status.ts";
import type { ClientTelemetry } from "./telemetry.ts";
import type { Client } from "./types.ts";
import { pageVisibility, untilVisible, type Visibility } from "./visibility.ts";

/** What a client uses of its surroundings. */
export interface ClientParts {
  /** Opens transports. */
  readonly dial: Dialer;
  /** Deflates and inflates. */
  readonly deflater: Deflater;
  /** Archives values. Default: {@linkcode interpret}. */
  readonly codec?: Codec;
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
  readonly #parts: ClientParts;
  readonly #clock: Clock;
  /** What sessions are given. */
  readonly #host: SessionHost;
  readonly #events: EventHub<Event>;
  readonly #state: StateMirror<State>;
  readonly #status: Observable<ClientStatus>;
  readonly #counters: ClientCounters = new ClientCounters();
  /** Aborts when the client is closed. */
  readonly #closing: AbortController = new AbortController();
  /** Sessions whose transport has not ended. */
  readonly #sessions: Set<Session> = new Set();
  /** The session that calls go to. */
  #session: Session | undefined;
  #forgetSignal: (() => void) | undefined;
  /** Ends the time in which events are held for the first iterators. */
  #holding: unknown;
  readonly rpc: CallsOf<Methods>;

  /** Create without a connection: see {@linkcode ServiceClient.connect}. */
  constructor(
    service: Service<Methods, State, Event>,
    address: PerAttempt<string | URL>,
    options: ConnectOptions<Methods, State>,
    parts: ClientParts,
  ) {
    const checked = checkOptions(options as ConnectOptions<never, never>);
    const { deflater, codec = interpret, clock = systemClock } = parts;
    const report = (error: unknown): void => this.#report(error);
    const onBug = (bug: unknown): void => this.#report(bug, reportBug);
    this.#service = service;
    this.#address = address;
    this.#options = options;
    this.#parts = parts;
    this.#clock = clock;
    this.#events = new EventHub(checked.limits, report);
    this.#state = new StateMirror(service.state, clock, onBug, report);
    this.#status = new Observable<ClientStatus>({ state: "connecting" }, onBug);
    this.#host = {
      ...checked,
      codec,
      deflater,
      clock,
      report,
      event: service.event as Schema<unknown> | undefined,
      events: this.#events as EventHub<unknown>,
      state: this.#state as StateMirror<unknown>,
      counters: this.#counters,
    };
    this.rpc = this.#callsOn(() => this.#session);
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

  stats(): ClientStats {
    const stats = {
      ...this.#counters,
      callsPending: 0,
      eventIterators: this.#events.size,
      stateWatchers: this.#state.watchers,
      transports: this.#sessions.size,
      bufferedBytes: 0,
    };
    for (const { calls, sentBytes, bufferedBytes } of this.#sessions) {
      stats.callsPending += calls.pending;
      stats.bytesSent += sentBytes;
      stats.bufferedBytes += bufferedBytes;
    }
    return stats;
  }

  #callsOn(session: () => Session | undefined): CallsOf<Methods> {
    const { telemetry } = this.#parts;
    const call: Caller = (method, args, options) => {
      this.#counters.callsStarted++;
      return session()?.calls.call(method, args, options) ??
        Promise.reject(notConnected(method, this.status.cause));
    };
    return makeCalls(
      this.#service.methods,
      telemetry === undefined
        ? call
        : (method, args, options) => telemetry.call(method.name, () => call(method, args, options)),
    );
  }

  /** Make the first connection, and see to it that there is one from then on. */
  async connect(): Promise<void> {
    this.#forgetSignal = onAbort(this.#options.signal, () => this.#finish());
    this.#events.hold();
    try {
      void this.#stay(await this.#connectOnce(false));
      if (this.#closing.signal.aborted) return;
      // Whoever is given the client opens its iterators before any timer.
      this.#holding = this.#clock.after(0, () => this.#events.release());
    } catch (error) {
      this.#counters.attemptsFailed++;
      this.#finish(toError(error));
      throw error;
    }
  }

  #connectOnce(reconnected: boolean): Promise<Session> {
    return this.#attempt(reconnected).catch(async (error) => {
      throw await this.#explain(error);
    });
  }

  /** What to do where the server serves another service: a page loads that only then. */
  async #explain(error: unknown): Promise<unknown> {
    if (!(error instanceof ConnectError) || error.code !== "SchemaMismatch") return error;
    try {
      const { explainMismatch } = await import("../service/mismatch.ts");
      const text = explainMismatch(error.message, this.#service, fingerprintOf);
      if (text === undefined) return error;
      return new ConnectError(error.code, text, { status: error.status, cause: error });
    } catch {
      return error;
    }
  }

  async #attempt(reconnected: boolean): Promise<Session> {
    const { signal } = this.#closing;
    const session = await dialSession({
      dial: this.#parts.dial,
      clock: this.#clock,
      timeoutMs: this.#host.limits.handshakeTimeoutMs,
      signal,
      request: () => this.#request(),
      open: (transport) => this.#open(transport),
    });
    try {
      const rpc = this.#callsOn(() => session);
      await Promise.race([
        this.#options.onConnect?.({ rpc, state: this.#state, reconnected }),
        session.ended,
      ]);
      // It may have ended since it was opened, and `onConnect` need not have noticed.
      if (!session.live) throw (await session.ended).error;
    } catch (error) {
      const { live } = session;
      session.end(CloseCode.Normal, toError(error));
      if (signal.aborted) throw cancelled(signal.reason);
      throw live ? error : endedEarly((await session.ended).error);
    }
    this.#session = session;
    this.#counters.connectionsOpened++;
    this.#parts.telemetry?.connections(1);
    this.#status.set({ state: "open" });
    return session;
  }

  async #request(): Promise<Omit<DialRequest, "signal">> {
    const { limits, level } = this.#host;
    return {
      url: toWebSocketUrl(await resolve(this.#address), this.#service.fingerprint, limits),
      level,
      tls: this.#options.tls,
      headers: await resolve(this.#options.headers),
      maxMessageBytes: limits.maxMessageBytes,
      idleTimeoutMs: limits.idleTimeoutMs,
      closeTimeoutMs: limits.closeTimeoutMs,
    };
  }

  #open(transport: Transport): Session {
    const session = new Session(transport, this.#host);
    this.#sessions.add(session);
    void session.closed.then(() => {
      this.#sessions.delete(session);
      this.#counters.bytesSent += session.sentBytes;
    });
    // Last: one who watches the state may close the client.
    this.#state.reset();
    return session;
  }

  /** Connect again whenever the connection ends, until the client does. */
  async #stay(session: Session): Promise<void> {
    const { signal } = this.#closing;
    const { random = Math.random, visibility = pageVisibility, telemetry } = this.#parts;
    let attempt = 0;
    for (;;) {
      const openedAt = this.#clock.now();
      const heardBefore = this.#counters.messagesReceived;
      const end = await session.ended;
      let { error, spreadMs } = end;
      this.#session = undefined;
      telemetry?.connections(-1);
      attempt = nextAttempt(attempt, {
        lastedMs: end.broken ? 0 : this.#clock.now() - openedAt,
        used: this.#counters.messagesReceived > heardBefore,
      });
      for (let connected = false; !connected;) {
        if (signal.aborted) return;
        this.#report(error);
        if (this.#options.reconnect === false || isFinal(error)) return this.#finish(error);
        this.#status.set({ state: "reconnecting", cause: error });
        await this.#sleep(backoffMs(attempt, random(), spreadMs));
        await untilVisible(visibility, signal);
        if (signal.aborted) return;
        try {
          session = await this.#connectOnce(true);
          connected = true;
        } catch (reason) {
          this.#counters.attemptsFailed++;
          error = toError(reason);
          spreadMs = 0;
          attempt++;
        }
      }
    }
  }

  #sleep(delayMs: number): Promise<void> {
    const clock = this.#clock;
    return wait(this.#closing.signal, (wake) => {
      const timer = clock.after(delayMs, wake);
      return () => clock.clear(timer);
    });
  }

  /** Tell whoever listens; `otherwise` if nobody does. */
  #report(error: unknown, otherwise?: (error: unknown) => void): void {
    tell(this.#options.onError ?? otherwise, error);
  }

  #finish(cause?: Error): void {
    if (this.#closing.signal.aborted) return;
    this.#forgetSignal?.();
    this.#closing.abort(cause);
    const error = new RpcError("ConnectionLost", "The client was closed", { cause });
    for (const session of this.#sessions) session.end(CloseCode.Normal, error);
    this.#session = undefined;
    this.#clock.clear(this.#holding);
    this.#events.end();
    this.#state.end();
    this.#status.set(cause === undefined ? { state: "closed" } : { state: "closed", cause });
    this.#status.end();
  }

  async close(): Promise<void> {
    this.#finish();
    await Promise.all(Array.from(this.#sessions, ({ closed }) => closed));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
