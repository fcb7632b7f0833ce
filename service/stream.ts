/**
 * {@linkcode stream}: marks a method's argument or output as a stream.
 *
 * @module
 */
import { signature } from "../codec/signature.ts";
import type { AnySchema, Schema } from "../codec/schema.ts";
import { unit } from "../codec/scalars.ts";
import { startStreaming } from "../stream/caller.ts";
import type { StreamSpec } from "./types.ts";

/** As part of an archive it is no bytes: a call's other arguments are as they would be without it. */
const OF_NOTHING: Omit<AnySchema, "kind"> = {
  size: 0,
  align: 1,
  niche: undefined,
  nullable: true,
  write() {},
  read() {},
};

/**
 * A stream of items as a method's output, as one of its arguments, or both.
 *
 * Items are sent as the source yields them, with backpressure: a reader that is slow or stops makes the source
 * wait. Streams work only between two peers of this module; a call to a Rust server rejects with
 * `StreamsUnsupported`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { bytes, rpc, service, stream, string, u64, wireSnapshot } from "@hardlight/hardlight";
 *
 * const Files = service({
 *   rpc: {
 *     tail: rpc({ file: string }, stream(string)),
 *     upload: rpc({ name: string, parts: stream(bytes) }, u64),
 *   },
 * });
 * assert.match(wireSnapshot(Files), /tail { file: string } -> stream\(string\)/);
 * ```
 *
 * @typeParam T The type of an item.
 * @param item The type of an item.
 */
export function stream<T>(item: Schema<T>): StreamSpec<T> {
  return {
    ...OF_NOTHING,
    kind: "stream",
    item,
    text: () => `stream(${signature(item as AnySchema)})`,
    inMethod,
  } as StreamSpec<T>;
}

const inMethod: StreamSpec<unknown>["inMethod"] = (args, output) => {
  const input = Object.entries(args).find(([, arg]) => isStream(arg));
  return {
    startCall: startStreaming,
    input: input && { ...input[1] as StreamSpec<unknown>, name: input[0] },
    ...isStream(output) && { items: output as StreamSpec<unknown> & AnySchema, output: unit },
  };
};

/** Whether a method's argument or output is a stream. */
export function isStream(described: unknown): described is StreamSpec<unknown> {
  return (described as StreamSpec<unknown> | undefined)?.kind === "stream";
}
