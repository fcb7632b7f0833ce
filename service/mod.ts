/**
 * Declaring a service, and the types derived from one.
 *
 * @module
 */
export { type Call, type Method, rpc, service, type ServiceDefinition } from "./service.ts";
export { wireSnapshot } from "./snapshot.ts";
export type {
  CallOptions,
  Calls,
  CallsOf,
  DeclaredService,
  EventOf,
  Handlers,
  HandlersOf,
  MethodInfo,
  MethodsOf,
  NoArgs,
  Service,
  StateField,
  StateOf,
} from "./types.ts";
