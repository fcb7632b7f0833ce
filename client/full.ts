/**
 * {@linkcode connectWith}: the full client for Deno, Bun and Node.
 *
 * @module
 */
import { type Codec, readArchive, writeArchive } from "../codec/archive.ts";
import { CodecError } from "../codec/errors.ts";
import { interpretInFull } from "../codec/explain.ts";
import type { NoMethods, Service } from "../service/types.ts";
import { UPLOADING } from "../stream/open_outlet.ts";
import { type Clock, systemClock, timersOf } from "../wire/clock.ts";
import { NORMAL } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import { RPC_HANDLER_ERRORS } from "../wire/errors.ts";
import { checkSize } from "../wire/faults.ts";
import { DEFAULT_LEVEL, REFUSAL_TOKEN } from "../wire/handshake.ts";
import { DEFAULT_LIMITS } from "../wire/limits.ts";
import { readTopic } from "../wire/known_topic.ts";
import { tell } from "../wire/listener.ts";
import { unframeBy } from "../wire/receiver.ts";
import type { Dialer } from "../wire/transport.ts";
import { answering, type AnswerKit } from "./answers.ts";
import { startCalls } from "./calls.ts";
import { checkOptions } from "./check_options.ts";
import { checkUses, tellOfMany } from "./check_uses.ts";
import { createClient, type UnconnectedClient } from "./client.ts";
import { checkAddress, type ConnectOptions, type PerAttempt, resolve } from "./options.ts";
import type { CheckedOptions, ClientParts } from "./parts.ts";
import { onAbort } from "../wire/signals.ts";
import type { ClientTelemetry } from "./telemetry.ts";
import type { Client } from "./types.ts";

/** The environment of a client. */
export interface FullParts extends Pick<ClientParts, "afterInput" | "moreBytes" | "random"> {
  /** Opens transports. */
  readonly dial: Dialer;
  /** The deflater. */
  readonly deflater: Deflater;
  /** Archives values. Default: {@linkcode interpretInFull}. */
  readonly codec?: Codec;
  /** Default: {@linkcode systemClock}. */
  readonly clock?: Clock;
  /** Waits before an attempt to reconnect. Default: by the clock. */
  readonly pause?: ClientParts["pause"];
  /** The telemetry, if observed. */
  readonly telemetry?: ClientTelemetry | undefined;
}

/**
 * Connect by the parts given.
 *
 * @throws {TypeError} If an option is invalid.
 * @throws {RangeError} If a number is out of bounds.
 * @throws {ConnectError} If the first connection cannot be made. Errors of `onConnect` are thrown unchanged.
 */
export async function connectWith<Methods, State, Event, ClientMethods = NoMethods>(
  service: Service<Methods, State, Event, ClientMethods>,
  address: PerAttempt<string | URL>,
  options: ConnectOptions<Methods, State, ClientMethods>,
  parts: FullParts,
): Promise<Client<Methods, State, Event>> {
  return await createFullClient(service, address, options, parts).connect();
}

const KIT: AnswerKit = { readArchive, writeArchive, codes: RPC_HANDLER_ERRORS, checkSize };

/** A page's server has compared the fingerprints; a Rust server has not. A value over a limit is declared alike. */
const adviceOn = (cause: unknown): string =>
  cause instanceof CodecError && (cause.code === "TooLong" || cause.code === "TooDeep")
    ? ""
    : "; does the server declare it alike?";

const DEFAULTS: Omit<CheckedOptions, "limits"> = { level: DEFAULT_LEVEL, whenFull: "fail" };

/** {@linkcode connectWith} without a connection. */
export function createFullClient<Methods, State, Event, ClientMethods = NoMethods>(
  service: Service<Methods, State, Event, ClientMethods>,
  address: PerAttempt<string | URL>,
  options: ConnectOptions<Methods, State, ClientMethods>,
  { dial, deflater, telemetry, codec = interpretInFull, clock = systemClock, ...parts }: FullParts,
): UnconnectedClient<Methods, State, Event> {
  const limits = DEFAULT_LIMITS;
  const checked = checkOptions(options as ConnectOptions<never, never, never>, {
    ...DEFAULTS,
    limits,
  });
  const checkedAddress = async () => checkAddress(await resolve(address));
  const timers = timersOf(clock);
  const client = createClient(service, checkedAddress, options, {
    ...checked,
    ...timers,
    pause: (delayMs, wake) => timers.after(delayMs, () => wake()),
    ...parts,
    dial(url, level, open, fail, refuse) {
      const attempt = new AbortController();
      const { signal } = attempt;
      const start = async (): Promise<void> => {
        const headers = await resolve(options.headers);
        signal.throwIfAborted();
        await dial(
          { ...checked.limits, url, level, signal, tls: options.tls, headers },
          (transport, { protocol, extension = 0 }) => {
            if (protocol !== REFUSAL_TOKEN && !signal.aborted) return open(transport, extension);
            // A refusing server has closed by now, and its code counts.
            transport.close(NORMAL, "");
            if (signal.aborted) transport.terminate();
            signal.addEventListener("abort", () => transport.terminate());
            return { onMessage() {}, onClose: refuse };
          },
        );
      };
      start().catch(fail);
      return () => attempt.abort();
    },
    onAbort,
    codec,
    clock,
    advice: adviceOn,
    startCalls: startCalls(deflater),
    uploading: UPLOADING,
    readTopic,
    framing: { unframe: unframeBy(deflater) },
    reportBug,
    watch: telemetry?.watch,
    follow: telemetry?.follow,
    openAnswers: answering(service.clientMethods, options.client, {
      ...KIT,
      watch: telemetry?.watchAnswer,
    }),
  });
  return checkUses(client, tellOfMany((error) => tell(options.onError, error)));
}

/** Report a listener's error as uncaught: by `reportError`, or in Node's own way, which lacks it. */
export function reportBug(bug: unknown): void {
  const { reportError } = globalThis as { reportError?: (error: unknown) => void };
  if (reportError !== undefined) return reportError(bug);
  queueMicrotask(() => {
    throw bug;
  });
}
