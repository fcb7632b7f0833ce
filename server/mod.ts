/**
 * The server's side of the protocol, without a runtime.
 *
 * @module
 */
export type { Authorization, Authorize } from "./acceptor.ts";
export type { BrokerStatus } from "./broker_link.ts";
export type { Broker, BrokerNode } from "../wire/broker.ts";
export { BrokerError, type BrokerErrorCode } from "../wire/errors.ts";
export {
  type ConnectionControl,
  type Context,
  type ErrorContext,
  type ErrorListener,
  type HandlerFactory,
  type HandlerOf,
  type RawHandle,
  RawHandler,
  rawHandler,
  type ServiceHandler,
} from "./context.ts";
export {
  type AcceptingCore,
  type CloseOptions,
  createCore,
  type ServerCore,
  type ServerOptions,
} from "./core.ts";
export type { EventEmitter } from "./event_switch.ts";
export type { ServerStats } from "./stats.ts";
export type { Subscriptions } from "./subscriptions.ts";
export type { ServerTrace, ServerTraceListener } from "./telemetry.ts";
export type { CallRate } from "./token_bucket.ts";
export {
  MAX_QUEUED_NOTIFICATIONS,
  type TopicNotification,
  type TopicNotifications,
} from "./topic_notifications.ts";
