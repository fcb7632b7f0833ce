/**
 * {@linkcode isObserved}: whether what observes has to be there at all.
 *
 * @module
 */

/** Whether anybody observes a client: a listener, or an OpenTelemetry API. */
export function isObserved(onTrace: unknown): boolean {
  return onTrace !== undefined || Symbol.for("opentelemetry.js.api.1") in globalThis;
}
