/**
 * The server's public interface, without a runtime. The other files hold:
 *
 * | files | |
 * | --- | --- |
 * | `server_core`, `server_parts` | a server, and what everything in it shares |
 * | `acceptor`, `offer`, `origins`, `authorize`, `refusal`, `connections` | who may connect, and who is |
 * | `connection`, `connection_host`, `connection_end` | one peer, what all of them share, and its end |
 * | `context`, `dispatcher`, `state`, `subscriptions` | what its handler sees |
 * | `caller`, `calls`, `open_calls`, `server_call`, `call_guard`, `token_bucket` | its calls, and their bounds |
 * | `streaming_call`, `connection_streams`, `client_calls` | its streams, and the server's calls of it |
 * | `backpressure`, `too_big` | what it does not read, or not accept |
 * | `event_switch`, `broker_…`, `event_numbers`, `seen_messages` | events to subscribers, and to other nodes |
 * | `stats`, `telemetry` | what is counted and traced |
 *
 * @module
 */
export type { Authorization, Authorize } from "./authorize.ts";
export type { MissedEvents, MissedReason } from "./broker_missed.ts";
export type { BrokerLosses, BrokerStatus } from "./broker_status.ts";
export { type Broker, type BrokerNode, BrokerRefusal } from "../wire/broker.ts";
export { BrokerError, type BrokerErrorCode, type BrokerErrorOptions } from "../wire/errors.ts";
export type { Origins } from "./origins.ts";
export {
  type ConnectionControl,
  type Context,
  type HandlerFactory,
  type HandlerOf,
  type RawHandle,
  RawHandler,
  rawHandler,
  type ServiceHandler,
} from "./context.ts";
export type { ErrorContext, ErrorListener } from "./error_reports.ts";
export type { CloseOptions, ServerCore, ServerOptions } from "./server_core.ts";
export {
  type EventEmitter,
  MAX_QUEUED_NOTIFICATIONS,
  type TopicNotification,
  type TopicNotifications,
} from "./event_switch.ts";
export type { ServerStats } from "./stats.ts";
export type { Subscriptions } from "./subscriptions.ts";
export type { ServerTrace, ServerTraceListener } from "./telemetry.ts";
export type { CallRate } from "./token_bucket.ts";
