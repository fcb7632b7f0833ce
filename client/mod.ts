/**
 * The client without a runtime: `connect()` is in `client.ts` beside this folder.
 *
 * @module
 */
export { OverflowError } from "../stream/queue.ts";
export type { Overflow } from "../stream/queue.ts";
export type { WhenFull } from "./parts.ts";
export type { EventsOptions, EventStream, ReceivedEvent } from "./events.ts";
export type { Connection, ConnectOptions, PerAttempt } from "./options.ts";
export type { ClientState, StateChanges, UntilOptions } from "./state_mirror.ts";
export type { ClientTrace, ClientTraceListener } from "./telemetry.ts";
export type { Client, ClientOf, ClientStats, ClientStatus } from "./types.ts";
