import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  FIRST_BACKOFF_MS,
  MAX_ABANDONED_CALLS,
  MAX_BACKOFF_MS,
  MAX_CALLS_IN_FLIGHT,
  SETTLED_MS,
} from "../../wire/page_limits.ts";
import { protocolError } from "../../wire/faults.ts";
import { DEFAULT_LEVEL } from "../../wire/handshake.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { text } from "./tables.ts";

const start = text.indexOf("Of a server of this module:");
const section = text.slice(start, text.indexOf("## 11.", start)).replace(/\s+/g, " ");
const seconds = (ms: number): string => `${ms / 1000} s`;

test("PROTOCOL.md gives the numbers of servers and clients of this module", () => {
  const { idleTimeoutMs, callTimeoutMs, handshakeTimeoutMs, closeTimeoutMs } = DEFAULT_LIMITS;
  const says = [
    `silent for ${seconds(idleTimeoutMs)} is pinged`,
    `with 4000 after ${seconds(2 * idleTimeoutMs)} of silence`,
    `asks for level ${DEFAULT_LEVEL}.`,
    `0 to ${MAX_CALLS_IN_FLIGHT - 1} at first`,
    `gives up a call after ${seconds(callTimeoutMs)}`,
    `more than ${MAX_ABANDONED_CALLS} such calls`,
    `a random part of ${FIRST_BACKOFF_MS} ms`,
    `each time up to ${seconds(MAX_BACKOFF_MS)}`,
    `that lasted: ${seconds(SETTLED_MS)}`,
    `gives up an attempt after ${seconds(handshakeTimeoutMs)}`,
    `ends the transport ${seconds(closeTimeoutMs)} after a close`,
  ];
  for (const each of says) assert(section.includes(each), each);
  for (const code of ["BadMessage", "BadReply", "BadState"] as const) {
    assertEquals([code, protocolError(code, "it").closeCode], [code, 4002]);
  }
});
