/**
 * Declaring a service, and the types derived from one.
 *
 * @module
 */
export {
  type Call,
  type Described,
  type Method,
  rpc,
  service,
  type ServiceDefinition,
  type StreamingFields,
  type StreamingMethod,
} from "./service.ts";
export { stream, type StreamSpec } from "./stream.ts";
export { wireSnapshot } from "./snapshot.ts";
export type { ItemStream, StreamSource } from "../stream/types.ts";
export type {
  CallContext,
  CallOptions,
  CallOutput,
  Calls,
  CallsOf,
  ClientMethodsOf,
  DeclaredService,
  EventOf,
  Given,
  HandlerOutput,
  Handlers,
  HandlersOf,
  InputStream,
  MethodInfo,
  MethodsOf,
  NoArgs,
  NoMethods,
  Received,
  Service,
  StateField,
  StateOf,
  Stream,
} from "./types.ts";
