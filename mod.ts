/**
 * Declare a service: schemas, `service()`, errors and limits. Serve it with `./server`, call it with `./client`.
 *
 * @example A service
 * ```ts
 * import { rpc, service, string, u32, variants } from "@hardlight/hardlight";
 *
 * export const Counter = service({
 *   rpc: { increment: rpc({ amount: u32 }, u32) },
 *   state: { counter: u32, owner: string },
 *   event: variants({ incremented: { to: u32 } }),
 * });
 * ```
 *
 * @module
 */
export * from "./codec/declare.ts";
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
