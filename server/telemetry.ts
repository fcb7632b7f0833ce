/**
 * {@linkcode ServerTelemetry}: what a server tells those who watch it.
 *
 * @module
 */
import type { ConnectErrorCode, RpcHandlerErrorCode } from "../wire/errors.ts";
import { tell } from "../wire/listener.ts";
import {
  type Attributes,
  callAttributes,
  type Instruments,
  SERVER_SPAN,
  type Span,
  SPAN_ERROR,
} from "../wire/open_telemetry.ts";
import type { PeerInfo } from "../wire/transport.ts";

/** Something that happened on a server. */
export type ServerTrace =
  /** A connection opened. */
  | { readonly type: "opened"; readonly connection: number; readonly peer: PeerInfo }
  /** A connection ended. `code` and `reason` are those of its close. */
  | {
    readonly type: "closed";
    readonly connection: number;
    readonly peer: PeerInfo;
    readonly code: number;
    readonly reason: string;
  }
  /** A connection was refused. */
  | { readonly type: "refused"; readonly peer: PeerInfo; readonly code: ConnectErrorCode }
  /** A call was answered; `code` is absent if it succeeded. */
  | {
    readonly type: "call";
    readonly connection: number;
    readonly method: string;
    readonly durationMs: number;
    readonly code: RpcHandlerErrorCode | undefined;
  };

/** Is told what happens. What it throws or rejects with is lost. */
export type ServerTraceListener = (trace: ServerTrace) => void;

/** One call, from before its handler runs to its answer. */
export interface CallTrace {
  /** Run the handler. */
  run<T>(handler: () => T): T;
  /** It was answered. */
  end(code: RpcHandlerErrorCode | undefined): void;
}

/** There is one only if somebody watches: an `onTrace`, or an OpenTelemetry API. */
export class ServerTelemetry {
  readonly #service: string;
  readonly #onTrace: ServerTraceListener | undefined;
  readonly #instruments: Instruments | undefined;

  /** Create for one server. */
  constructor(
    service: string,
    onTrace: ServerTraceListener | undefined,
    instruments: Instruments | undefined,
  ) {
    this.#service = service;
    this.#onTrace = onTrace;
    this.#instruments = instruments;
  }

  /** A connection opened. */
  opened(connection: number, peer: PeerInfo): void {
    this.#instruments?.connections?.add(1, {});
    this.#tell({ type: "opened", connection, peer });
  }

  /** A connection ended. */
  closed(connection: number, peer: PeerInfo, code: number, reason: string): void {
    this.#instruments?.connections?.add(-1, {});
    this.#tell({ type: "closed", connection, peer, code, reason });
  }

  /** A connection was refused. */
  refused(peer: PeerInfo, code: ConnectErrorCode): void {
    this.#tell({ type: "refused", peer, code });
  }

  /** A call came. */
  call(connection: number, method: string): CallTrace {
    const instruments = this.#instruments;
    const attributes = callAttributes(this.#service, method);
    const startedAt = performance.now();
    let span: Span | undefined;
    return {
      run: (handler) => {
        const tracer = instruments?.tracer;
        if (tracer === undefined) return handler();
        const name = `${this.#service}/${method}`;
        return tracer.startActiveSpan(name, { kind: SERVER_SPAN, attributes }, (started) => {
          span = started;
          return handler();
        });
      },
      end: (code) => {
        const durationMs = performance.now() - startedAt;
        const outcome: Attributes = code === undefined
          ? attributes
          : { ...attributes, "error.type": code };
        if (span !== undefined && code !== undefined) {
          span.setAttribute("error.type", code);
          span.setStatus({ code: SPAN_ERROR });
        }
        span?.end();
        instruments?.durations?.record(durationMs / 1000, outcome);
        this.#tell({ type: "call", connection, method, durationMs, code });
      },
    };
  }

  #tell(trace: ServerTrace): void {
    // One who watches must not change what is watched.
    tell(this.#onTrace, trace);
  }
}
