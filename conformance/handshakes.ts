/**
 * The lines of `handshakes.jsonl`.
 *
 * @module
 */
import { formatFingerprint } from "../wire/handshake.ts";
import { linesOf } from "./cases.ts";
import { Conformance } from "./service.ts";

/** A request, and how a server must answer it. */
export interface ServerLine {
  readonly side: "server";
  readonly name: string;
  /** Whether Rust, which does not support it, answers differently. */
  readonly here?: true;
  readonly query?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Headers of the answer, by their names in lower case; `null` where there must be none. */
  readonly answer?: Readonly<Record<string, string | null>>;
  /** The code of an immediate close. */
  readonly close?: number;
}

/** An answer, and whether a client must accept it. */
export interface ClientLine {
  readonly side: "client";
  readonly name: string;
  readonly head: readonly string[];
  readonly ok: boolean;
}

const fingerprint = formatFingerprint(Conformance.fingerprint);

/** The lines of one side. */
export function handshakesOf<Side extends "server" | "client">(
  side: Side,
): Extract<ServerLine | ClientLine, { side: Side }>[] {
  const lines = linesOf<ServerLine | ClientLine>("handshakes.jsonl");
  return lines.filter((line) => line.side === side) as never;
}

/** A query with the service's own fingerprint in it. */
export function queryOf({ query = "" }: ServerLine): string {
  return query.replaceAll("{fingerprint}", fingerprint);
}
