/**
 * Declare a service: schemas, `service()`, errors and limits. Serve it with `./server`, call it with `./client`.
 *
 * @module
 */
export * from "./codec/core.ts";
export * from "./service/mod.ts";
export { CloseCode } from "./wire/close.ts";
export {
  ConnectError,
  type ConnectErrorCode,
  ProtocolError,
  type ProtocolErrorCode,
  RPC_HANDLER_ERRORS,
  RpcError,
  type RpcErrorCode,
  type RpcHandlerErrorCode,
} from "./wire/errors.ts";
export { DEFAULT_LIMITS, type Limits } from "./wire/limits.ts";
export { Topic, topic } from "./wire/topic.ts";
