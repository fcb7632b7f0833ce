/**
 * The server's public interface, without a runtime.
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
  type ErrorContext,
  type ErrorListener,
  type HandlerFactory,
  type HandlerOf,
  type RawHandle,
  RawHandler,
  rawHandler,
  type ServiceHandler,
} from "./context.ts";
export type { CloseOptions, ServerCore, ServerOptions } from "./core.ts";
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
