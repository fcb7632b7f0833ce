/**
 * {@linkcode extras}: what a page needs that asks for more than the defaults. It is loaded when that is so, and
 * imports nothing of what the page has loaded before, which a bundler would split.
 *
 * @module
 */
import type { Framing } from "../wire/framing.ts";
import { DEFAULT_SERVER_LIMITS } from "../wire/server_limits.ts";
import { checkOptions } from "./check_options.ts";
import type { ConnectOptions } from "./options.ts";
import type { CheckedOptions } from "./parts.ts";
import type { ClientTelemetry } from "./telemetry.ts";

/** What a page asks for. */
export interface Extras extends CheckedOptions {
  /** How its messages are framed. */
  readonly framing: Framing;
  /** What watches, if anything does. */
  readonly telemetry: ClientTelemetry | undefined;
}

/**
 * Check what a page asks for, and load it.
 *
 * @param service What the service is called.
 * @param plain What holds without extras.
 * @param stored Frames messages at level 0.
 * @param loadFraming Loads what deflates.
 * @throws {TypeError} If there is no such option, it has no meaning, or only the browser can decide on it.
 * @throws {RangeError} If a number is out of bounds.
 */
export async function extras(
  service: string,
  options: ConnectOptions<never, never>,
  plain: CheckedOptions,
  stored: Framing,
  loadFraming: () => Promise<{ deflatingFraming(level: number, stored: Framing): Framing }>,
): Promise<Extras> {
  const { tls, headers, onTrace } = options;
  if (tls !== undefined || Object.keys(headers ?? {}).length > 0 || typeof headers === "function") {
    throw new TypeError("Cannot send headers, or choose whom to trust: the browser does");
  }
  // One object of limits may serve both sides: those of servers are checked as well.
  const limits = { ...DEFAULT_SERVER_LIMITS, ...plain.limits };
  const checked = checkOptions(options, { ...plain, limits });
  const isObserved = onTrace !== undefined || isOpenTelemetryThere();
  const [framing, telemetry] = await Promise.all([
    checked.level === 0
      ? stored
      : loadFraming().then(({ deflatingFraming }) => deflatingFraming(checked.level, stored)),
    isObserved
      ? import("./telemetry.ts").then((made) => made.createTelemetry(service, onTrace))
      : undefined,
  ]);
  return { ...checked, framing, telemetry };
}

function isOpenTelemetryThere(): boolean {
  return Symbol.for("opentelemetry.js.api.1") in globalThis;
}
