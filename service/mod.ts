/**
 * Declares services; the types derived from one.
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
export { stream } from "./stream.ts";
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
  MethodsOf,
  NoArgs,
  NoMethods,
  Received,
  Service,
  StateOf,
  Stream,
  StreamSpec,
} from "./types.ts";
