/**
 * {@linkcode History}: the model. It records what every connection, call and client may have seen so far,
 * and remembers the first thing that none of them may.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { Client, ReceivedEvent } from "../../client.ts";
import {
  ConnectError,
  type EventOf,
  type MethodsOf,
  RpcError,
  type StateOf,
  Topic,
} from "../../mod.ts";
import type { Context } from "../../server.ts";
import { answerOf, type Scripted, topicName, TOPICS } from "./service.ts";

/** The functions of {@linkcode Scripted}. */
export type Methods = MethodsOf<typeof Scripted>;
/** The state of {@linkcode Scripted}. */
export type State = StateOf<typeof Scripted>;
/** The event of {@linkcode Scripted}. */
export type Event = EventOf<typeof Scripted>;
/** The client of a connection, and the number of its attempt to connect, from 1. */
export type Auth = { readonly client: number; readonly attempt: number };

/** The state before any change. */
export function firstState(): State {
  return {
    connection: 0,
    revision: 0,
    label: "",
    items: [],
    counts: new Map(),
    nested: { words: [], at: { x: 0, y: 0 } },
  };
}

/** The model of one connection on the server. */
export class ModelConnection {
  /** Its states, by revision, each of which its client may show. */
  readonly states: State[] = [];
  /** Ids of the events that its client should be given, in order. */
  readonly expected: number[] = [];
  /** Topics it is subscribed to. */
  readonly topics: Set<string> = new Set();
  /** An array of its state that a handler has kept. */
  kept: number[] | undefined;
  /** The state as it should be. */
  readonly shadow: State = firstState();

  constructor(
    readonly id: number,
    readonly client: number,
    readonly context: Context<State, Event, Auth>,
  ) {
    this.change((state) => state.connection = id);
  }

  /** Whether it has ended on the server. */
  get ended(): boolean {
    return this.context.signal.aborted;
  }

  /** Change the state and its shadow alike. */
  change(mutate: (state: State) => void): void {
    const { shadow, context: { state } } = this;
    shadow.revision++;
    for (const each of [shadow, state]) mutate(each);
    state.revision = shadow.revision;
    this.states[shadow.revision] = structuredClone(shadow);
  }
}

/** How a handler ended. */
export type Ended = "ok" | "HandlerPanicked" | "ServerCompressError";

/** One call. */
export interface ModelCall {
  readonly id: number;
  readonly client: ModelClient;
  readonly startedAt: number;
  readonly timeoutMs: number;
  readonly cancelled: () => boolean;
  /** Whether there was a connection. */
  readonly open: boolean;
  readonly disruptions: number;
  /** Whether the connection was already hurt. */
  readonly faulty: boolean;
  readonly losses: number;
  readonly lossy: boolean;
  /** Whether the handler ended while the server still had the connection. */
  answered: boolean;
  runs: number;
  ended: Ended | undefined;
  on: ModelConnection | undefined;
  revision: number;
  /** `"ok"`, or the code of the error it failed with. */
  settled: string | undefined;
}

/** The model of one client. */
export class ModelClient {
  client: Client<Methods, State, Event> | undefined;
  /** Times that its connection may have been hurt. */
  disruptions = 0;
  /** Whether its connection may end at any moment: until it has another, or the network is healed. */
  faulty = false;
  /** The same, for a network that loses messages in transit. */
  losses = 0;
  lossy = false;
  closed = false;
  /** Attempts to connect that have begun. */
  attempts = 0;
  /** Those at the last fault of its connection: their results may be affected too. */
  #hurtAttempts = 0;
  /** Events it was given, in order. */
  readonly received: number[] = [];
  /** Unsettled calls, and cancelled calls. */
  pending = 0;
  abandoned = 0;
  state: State = firstState();
  /** By connection: how many of its events were given. More than one where events went to both. */
  positions: Map<number, number> = new Map([[0, 0]]);

  constructor(readonly index: number) {}

  /** The server ends its connection, and loses nothing that it has answered. */
  leave(): void {
    this.disruptions++;
    this.faulty = true;
    this.#hurtAttempts = this.attempts;
  }

  /** It has the connection of an attempt. */
  has(attempt: number): void {
    if (attempt > this.#hurtAttempts) this.faulty = this.lossy = false;
  }

  /** The network may lose anything from now on. */
  hurt(): void {
    this.leave();
    this.losses++;
    this.lossy = true;
  }
}

/** All that has happened in a world. */
export class History {
  readonly connections: ModelConnection[] = [];
  readonly clients: ModelClient[] = [];
  readonly calls: ModelCall[] = [];
  /** By id: the topic and length of an event. */
  readonly events: { readonly topic: string; readonly bytes: number }[] = [];
  readonly now: () => number;
  #wrong: Error | undefined;

  /** Create for a clock. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Pending handlers, timers and closes. */
  readonly underWay: Map<string, number> = new Map();

  /** Record a started operation that must end; returns a function to record its end. */
  enter(what: string): () => void {
    this.underWay.set(what, (this.underWay.get(what) ?? 0) + 1);
    return () => {
      const left = this.underWay.get(what)! - 1;
      if (left > 0) this.underWay.set(what, left);
      else this.underWay.delete(what);
    };
  }

  /** The server reported an error. */
  onServerError(error: unknown): void {
    if (error instanceof Error && error.message === "planned") return;
    this.wrong("the server tells of an error", error);
  }

  /** A client reported an error. */
  onClientError(error: unknown): void {
    if (error instanceof RpcError || error instanceof ConnectError) return;
    this.wrong("a client tells of an error", error);
  }

  /** Record a violation of the model. */
  wrong(what: string, cause?: unknown): void {
    this.#wrong ??= new Error(what, { cause });
  }

  /** Throws if anything was wrong. */
  check(): void {
    if (this.#wrong !== undefined) throw this.#wrong;
  }

  /** The server has a connection. */
  opened(context: Context<State, Event, Auth>): ModelConnection {
    const connection = new ModelConnection(
      this.connections.length + 1,
      context.auth.client,
      context,
    );
    this.connections.push(connection);
    return connection;
  }

  /** Every connection of the server that gets a topic's events. */
  emitted(events: object, topic: string, bytes: number): number {
    const id = this.events.push({ topic, bytes }) - 1;
    for (const connection of this.connections) {
      const { context, ended, topics, expected } = connection;
      if (context.events === events && !ended && topics.has(topic)) expected.push(id);
    }
    return id;
  }

  /** A handler was called. */
  began(id: number, connection: ModelConnection): ModelCall {
    const call = this.calls[id]!;
    if (++call.runs > 1) this.wrong(`call ${id} ran twice`);
    if (call.client.index !== connection.client) this.wrong(`call ${id} came from another client`);
    call.on = connection;
    return call;
  }

  /** A client shows a state. */
  sees(client: ModelClient, state: State): void {
    const before = client.state;
    client.state = state;
    const who = `client ${client.index}`;
    const { connection: id, revision } = state;
    if (id === 0) {
      if (!isDeepStrictEqual(state, firstState())) {
        this.wrong(`${who} shows ${show(state)} and no connection`);
      }
      return;
    }
    const connection = this.connections[id - 1];
    const expected = connection?.states[revision];
    if (id > before.connection && connection) client.has(connection.context.auth.attempt);
    if (connection === undefined || expected === undefined) {
      this.wrong(`${who} shows ${show(state)}, which never was`);
    } else if (connection.client !== client.index) {
      this.wrong(`${who} shows the state of client ${connection.client}`);
    } else if (id < before.connection) {
      this.wrong(`${who} shows connection ${id} after ${before.connection}`);
    } else if (id === before.connection && revision <= before.revision) {
      this.wrong(`${who} shows revision ${revision} after ${before.revision}`);
    } else if (!isDeepStrictEqual(state, expected)) {
      this.wrong(`${who} shows ${show(state)}, revision ${revision} is ${show(expected)}`);
    }
  }

  /** A client was given an event. */
  receives(client: ModelClient, { topic, payload: { id, text } }: ReceivedEvent<Event>): void {
    client.received.push(id);
    const who = `client ${client.index}`;
    const event = this.events[id];
    if (
      event === undefined || !topic.equals(Topic.from(event.topic)) || text.length !== event.bytes
    ) {
      this.wrong(`${who} was given event ${id}, which never was`);
      return;
    }
    const positions: Map<number, number> = new Map();
    const oldest = Math.min(...client.positions.keys());
    for (const { id: connection, client: owner, expected } of this.connections) {
      if (owner !== client.index || connection < oldest) continue;
      const position = client.positions.get(connection) ?? 0;
      if (expected[position] === id) positions.set(connection, position + 1);
    }
    if (positions.size === 0) {
      this.wrong(`${who} was given event ${id} out of turn: ${client.received.slice(-9)}`);
    } else client.positions = positions;
  }

  /** A call was answered, or failed. */
  settled(call: ModelCall, value: unknown, error?: unknown): void {
    const { client, id, ended } = call;
    const code = error === undefined
      ? "ok"
      : error instanceof RpcError
      ? error.code
      : String(error);
    if (call.settled !== undefined) this.wrong(`call ${id} was settled twice`);
    call.settled = code;
    client.pending--;
    if (code === "DeadlineExceeded" || code === "Cancelled") client.abandoned++;
    const hurt = call.faulty || client.disruptions > call.disruptions || client.closed ||
      client.abandoned > 128;
    const lost = call.lossy || client.losses > call.losses || client.closed ||
      client.abandoned > 128;
    const why = ((): string | undefined => {
      switch (code) {
        case "ok":
          if (ended !== "ok") return `the handler ended with ${ended}`;
          if (value !== answerOf(id)) return `${value} is the answer of another`;
          return this.#behind(call);
        case "HandlerPanicked":
        case "ServerCompressError":
          return ended === code ? this.#behind(call) : `the handler ended with ${ended}`;
        case "ClientNotConnected":
          if (call.runs > 0) return "it ran";
          return call.open && !hurt ? "there was a connection" : undefined;
        case "TooManyCallsInFlight":
          if (call.runs > 0) return "it ran";
          return client.pending + client.abandoned < 255 ? "there are ids" : undefined;
        case "ConnectionLost":
          if (!hurt) return "nothing hurt the connection";
          return call.answered && !lost ? "it was answered before the end" : undefined;
        case "DeadlineExceeded":
          return this.now() - call.startedAt < call.timeoutMs - 1 ? "there was time" : undefined;
        case "Cancelled":
          return call.cancelled() ? undefined : "nobody cancelled it";
        default:
          return "that is no way for a call to fail";
      }
    })();
    if (why !== undefined) {
      this.wrong(`call ${id} of client ${client.index} was settled with ${code}: ${why}`, error);
    }
  }

  /** Whether the state is older than the call's changes. */
  #behind({ on, revision, client }: ModelCall): string | undefined {
    const { current } = client.client!.state;
    if (current.connection !== on!.id) return undefined;
    return current.revision < revision
      ? `the state shows revision ${current.revision}, the handler made ${revision}`
      : undefined;
  }

  /** The conditions once everything is idle and the client has a connection. */
  checkAtRest(client: ModelClient): void {
    const who = `client ${client.index}`;
    const connection = this.connections[client.client!.state.current.connection - 1];
    if (connection === undefined) return this.wrong(`${who} shows no connection`);
    const { revision } = client.client!.state.current;
    const { shadow, expected, topics, context } = connection;
    if (revision !== shadow.revision) {
      this.wrong(`${who} shows revision ${revision}, the handlers made ${shadow.revision}`);
    }
    const given = client.positions.get(connection.id) ?? 0;
    if (given !== expected.length) {
      this.wrong(`${who} was given ${given} events of ${expected.length}`);
    }
    const subscribed = Array.from({ length: TOPICS }, (_, i) => topicName(i))
      .filter((name) => context.subscriptions.has(name));
    if (subscribed.length !== topics.size || subscribed.some((name) => !topics.has(name))) {
      this.wrong(`${who} is subscribed to ${subscribed}, and should be to ${[...topics]}`);
    }
    const { callsPending, strayReplies, undecodableEvents, bufferedBytes } = client.client!.stats();
    if (callsPending + strayReplies + undecodableEvents + bufferedBytes > 0) {
      this.wrong(`${who} at rest: ${JSON.stringify(client.client!.stats())}`);
    }
  }
}

function show(state: State): string {
  return JSON.stringify(state, (_, value) => value instanceof Map ? [...value] : value);
}
