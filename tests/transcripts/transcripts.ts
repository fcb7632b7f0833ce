/**
 * The messages between the reference's peers, one a line.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Json, JsonObject, Service } from "../interop/peer.ts";

/** The contents of a message; names and values as in `tests/interop/README.md`. */
export type Meaning =
  | { readonly call: string; readonly id: number; readonly args: JsonObject }
  | { readonly reply: string; readonly id: number; readonly ok: Json }
  | { readonly reply: string; readonly id: number; readonly err: string }
  | {
    readonly event: Json;
    readonly topic: { readonly inner: string; readonly is_string: boolean };
  }
  | { readonly state: JsonObject };

/** One message. */
export interface Row {
  /** Its number, and the action at that time. */
  readonly n: number;
  readonly step: string;
  readonly service: Service;
  readonly from: "client" | "server";
  /** Hex of the message on the wire. */
  readonly deflated: string;
  /** Hex of the archive in it; absent where the reference finds none. */
  readonly inflated?: string;
  /** The archive's message; absent where the reference does not decode it. */
  readonly means?: Meaning;
  /** The value in the reference's own words, where they were recorded. */
  readonly debug?: string;
  /** The outcome of a handwritten message: a server of the reference drops it, or answers code 5. */
  readonly verdict?: "accepted" | "dropped" | "ServerDecodeError";
}

/** All messages in order. */
export function readTranscripts(): Row[] {
  const file = new URL("reference.jsonl.gz", import.meta.url);
  const text = gunzipSync(readFileSync(file)).toString("utf8");
  return text.trim().split("\n").map((line) => JSON.parse(line) as Row);
}
