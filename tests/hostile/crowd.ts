/**
 * The service of a server with many clients, and the commands to its process.
 *
 * @module
 */
import { bytes, rpc, service } from "../../mod.ts";

/** The service: `join` subscribes to all events. */
export const Crowd = service({ rpc: { join: rpc() }, event: bytes });

/** Actions before the report. */
export interface CrowdCommand {
  /** Bytes of an event of noise to send to all. */
  readonly emitBytes?: number;
  /** How many of them. Default: 1. */
  readonly events?: number;
  /** Close all connections, without waiting for it. */
  readonly close?: boolean;
}

/** How the server is. */
export interface CrowdReport {
  /** Resident bytes of the process. */
  readonly residentBytes: number;
  /** Open connections. */
  readonly connections: number;
  /** Bytes queued for sending. */
  readonly bufferedBytes: number;
  /** Connections that were closed because they did not read, so far. */
  readonly slowConsumersClosed: number;
}
