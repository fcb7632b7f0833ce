/**
 * {@linkcode ClientTelemetry}: what a client tells those who watch it.
 *
 * @module
 */
import type { RpcError, RpcErrorCode } from "../wire/errors.ts";
import {
  callAttributes,
  CLIENT_SPAN,
  endCall,
  type Instruments,
  openTelemetry,
  SERVER_SPAN,
} from "../wire/open_telemetry.ts";
import type { Caller, Followed } from "./parts.ts";
import type { ClientStatus } from "./types.ts";

/** Something that happened on a client. Its status is observed apart from this. */
export type ClientTrace =
  /** A call was settled. */
  | {
    readonly type: "call";
    /** What was called. */
    readonly method: string;
    /** How long it took. */
    readonly durationMs: number;
    /** Why it failed; absent if it succeeded. */
    readonly code: RpcErrorCode | "Error" | undefined;
    /** Items of its argument that were sent, if it streams. */
    readonly itemsSent?: number;
    /** Items of its output that came, if it streams. */
    readonly itemsReceived?: number;
  }
  /** A handler of the client that the server called has settled; `code` is what it threw, if it did. */
  | {
    readonly type: "answer";
    readonly method: string;
    readonly durationMs: number;
    readonly code: RpcErrorCode | "Error" | undefined;
  };

/** Receives trace events. Its errors are ignored. */
export type ClientTraceListener = (trace: ClientTrace) => void;

/** What watches the calls of a client, if anybody does: an `onTrace`, or an OpenTelemetry API. */
export function createTelemetry(
  service: string,
  onTrace: ClientTraceListener | undefined,
): ClientTelemetry | undefined {
  const instruments = openTelemetry("client");
  return onTrace === undefined && instruments === undefined
    ? undefined
    : new ClientTelemetry(service, onTrace, instruments);
}

/** Tells one that watches, and OpenTelemetry. */
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

  /** Count a client for as long as it is connected. */
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

  /** Stand between the program and its calls. */
  readonly watch = (call: Caller): Caller => (method, args, options, streaming) => {
    const end = this.#begin(method.name, CLIENT_SPAN, this.#instruments);
    const answer = call(method, args, options, streaming);
    const tell = (code?: ClientTrace["code"]): void => {
      const items = streaming &&
        { itemsSent: streaming.itemsSent, itemsReceived: streaming.itemsReceived };
      this.#trace({ type: "call", method: method.name, ...end(code, items), code, ...items });
    };
    answer.then(() => tell(), (error) => tell(codeOf(error)));
    return answer;
  };

  /** Stand between the server and a handler of the client. */
  readonly watchAnswer = (method: string, answer: Promise<unknown>): void => {
    // Durations are of calls of the server.
    const end = this.#begin(method, SERVER_SPAN, undefined);
    const tell = (code?: ClientTrace["code"]): void =>
      this.#trace({ type: "answer", method, ...end(code), code });
    answer.then(() => tell(), (error) => tell(codeOf(error)));
  };

  /** A call begins. Returns what is to be told how it ended, which says how long it took. */
  #begin(method: string, kind: number, instruments: Instruments | undefined) {
    const attributes = callAttributes(this.#service, method);
    const startedAt = performance.now();
    const span = this.#instruments?.tracer?.startSpan(`${this.#service}/${method}`, {
      kind,
      attributes,
    });
    return (
      code: ClientTrace["code"],
      items?: { readonly itemsSent: number; readonly itemsReceived: number },
    ): { readonly durationMs: number } => {
      if (items) {
        span?.setAttribute("hardlight.items.sent", items.itemsSent);
        span?.setAttribute("hardlight.items.received", items.itemsReceived);
      }
      return { durationMs: endCall(instruments, span, attributes, startedAt, code) };
    };
  }

  /** One who watches must not change what is watched: what it throws or rejects with is lost. */
  #trace(trace: ClientTrace): void {
    if (this.#onTrace === undefined) return;
    new Promise<unknown>((resolve) => resolve(this.#onTrace?.(trace))).catch(() => {});
  }
}

/** By name: importing the class would split what every page loads into two files. */
function codeOf(error: unknown): RpcErrorCode | "Error" {
  return error instanceof Error && error.name === "RpcError" ? (error as RpcError).code : "Error";
}
