/**
 * {@linkcode World}: the target of commands.
 *
 * @module
 */
import type { Client, ConnectOptions } from "../../client.ts";
import type { ServerCore } from "../../server.ts";
import type { Auth, Event, History, Methods, State } from "./history.ts";

/** Up is from the client to the server. */
export type Direction = "up" | "down";

/** The network between one client and the server. */
export interface Link {
  /** End its connection. */
  cut(): void;
  /** End it after so much more has passed. */
  cutAfter(amount: number): void;
  /** Half-close: end the stream towards one side. */
  halfClose(direction: Direction): void;
  /** Let nothing pass for a while. */
  stall(direction: Direction): void;
  /** Let nothing pass any more, without notifying either side. */
  freeze(): void;
  /** Let everything that waits pass. */
  heal(): void;
}

/** A server, its clients, and the network between them. */
export interface World {
  /** The history. */
  readonly history: History;
  /** The present server. */
  readonly server: ServerCore<Event>;
  /** Connect one more. */
  connect(
    index: number,
    options: ConnectOptions<Methods, State>,
  ): Promise<Client<Methods, State, Event>>;
  /** The network between a client and the server. */
  link(index: number): Link;
  /** Close the server while it is in use; start another after a while. */
  restart(deadlineMs: number, goneMs: number): Promise<void>;
  /** Let this many microtasks run. */
  turns(count: number): Promise<void>;
  /** Let time pass. */
  pass(ms: number): Promise<void>;
  /** Let time pass until a condition holds, or a limit is reached. */
  rest(holds: () => boolean): Promise<void>;
  /** The rest where nothing should be left: 0 or an empty text. */
  leftBehind(): unknown;
  /** End the server. */
  dispose(): Promise<void>;
}

/** Hooks that get each client of a memory world before it connects: faults of clients are planted here. */
export const CLIENT_FAULTS: Set<(client: Client<Methods, State, Event>) => void> = new Set();

/** The header with the client's number. */
export const CLIENT_HEADER = "x-client";
/** The header with the number of the attempt to connect. */
export const ATTEMPT_HEADER = "x-attempt";

/** Lets all in, and notes which client it is, and of which attempt. */
export function authorize({ headers }: Request): Auth {
  return {
    client: Number(headers.get(CLIENT_HEADER)),
    attempt: Number(headers.get(ATTEMPT_HEADER)),
  };
}
