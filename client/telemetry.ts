/**
 * {@linkcode ClientTelemetry}: the telemetry of a client.
 *
 * @module
 */
import type { RpcError, RpcErrorCode } from "../wire/errors.ts";
import {
  CLIENT_SPAN,
  type Instruments,
  ObservedCall,
  openTelemetry,
  SERVER_SPAN,
} from "../wire/open_telemetry.ts";
import type { Followed, MakeCall } from "./parts.ts";
import type { ClientStatus } from "./types.ts";

/** An event in a client's trace. Its status is observed separately. */
export type ClientTrace =
  /** A call has settled. */
  | {
    readonly type: "call";
    /** The called method. */
    readonly method: string;
    /** Its duration. */
    readonly durationMs: number;
    /** The error code; absent on success, and if the reader of its output has left. */
    readonly code: RpcErrorCode | "Error" | undefined;
    /** Sent items of its argument, if it streams. */
    readonly itemsSent?: number;
    /** Received items of its output, if it streams. */
    readonly itemsReceived?: number;
  }
  /** A client handler called by the server has settled; `code` is its error, if it failed. */
  | {
    readonly type: "answer";
    readonly method: string;
    readonly durationMs: number;
    readonly code: RpcErrorCode | "Error" | undefined;
  };

/** Receives trace events. Its errors are ignored. */
export type ClientTraceListener = (trace: ClientTrace) => void;

/** Observes the calls of a client, by an `onTrace` or an OpenTelemetry API. */
export function createTelemetry(
  service: string,
  onTrace: ClientTraceListener | undefined,
): ClientTelemetry | undefined {
  const instruments = openTelemetry("client");
  return onTrace === undefined && instruments === undefined
    ? undefined
    : new ClientTelemetry(service, onTrace, instruments);
}

/** Notifies `onTrace` and OpenTelemetry. */
export class ClientTelemetry {
  readonly #service: string;
  readonly #onTrace: ClientTraceListener | undefined;
  readonly #instruments: Instruments | undefined;

  /** Create for one client. */
  constructor(
    service: string,
    onTrace: ClientTraceListener | undefined,
    instruments: Instruments | undefined,
  ) {
    this.#service = service;
    this.#onTrace = onTrace;
    this.#instruments = instruments;
  }

  /** Count a client while it is connected. */
  readonly follow = (client: Followed): void => {
    let open = 0;
    const look = ({ state }: ClientStatus): void => {
      const before = open;
      open = state === "open" ? 1 : 0;
      if (open !== before) this.#instruments?.connections?.add(open - before, {});
    };
    look(client.status);
    client.onStatus(look);
  };

  /** Wrap the program's calls. */
  readonly watch = (call: MakeCall): MakeCall => (method, args, options, streaming) => {
    const { tracer, durations } = this.#instruments ?? {};
    const observed = new ObservedCall(this.#service, method.name, CLIENT_SPAN, tracer, durations);
    if (streaming === undefined) observed.start();
    else {
      observed.run(() => {});
      streaming.runIn = observed.runIn;
    }
    const answer = call(method, args, options, streaming);
    const tell = (code?: ClientTrace["code"]): void => {
      const items = streaming &&
        { itemsSent: streaming.itemsSent, itemsReceived: streaming.itemsReceived };
      const durationMs = observed.settle(code, items);
      this.#trace({ type: "call", method: method.name, durationMs, code, ...items });
    };
    answer.then(() => tell(), (error) => tell(streaming?.isLeft ? undefined : codeOf(error)));
    return answer;
  };

  /** Wrap a client handler. */
  readonly watchAnswer = (method: string, answer: Promise<unknown>): void => {
    // The histogram is only for calls to the server.
    const observed = new ObservedCall(
      this.#service,
      method,
      SERVER_SPAN,
      this.#instruments?.tracer,
    );
    observed.start();
    const tell = (code?: ClientTrace["code"]): void =>
      this.#trace({ type: "answer", method, durationMs: observed.settle(code), code });
    answer.then(() => tell(), (error) => tell(codeOf(error)));
  };

  /** An observer must not change behavior: its errors are ignored. */
  #trace(trace: ClientTrace): void {
    if (this.#onTrace === undefined) return;
    new Promise<unknown>((resolve) => resolve(this.#onTrace?.(trace))).catch(() => {});
  }
}

/** By name: importing the class would split the page's first chunk. */
function codeOf(error: unknown): RpcErrorCode | "Error" {
  return error instanceof Error && error.name === "RpcError" ? (error as RpcError).code : "Error";
}
