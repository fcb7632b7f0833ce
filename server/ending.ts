/**
 * {@linkcode Ending}: how a connection ends.
 *
 * @module
 */
import type { CloseInfo } from "../wire/transport.ts";

/** Made when a connection begins to end, or is asked to when it is idle. */
export class Ending {
  /** What ended it, which is what came first. */
  closedWith: CloseInfo | undefined;
  /** The timer after which the transport is ended. */
  timer: unknown;
  /** Whether the transport has ended. */
  ended = false;
  /** With what to close when no call is under way and every answer has been handed over. */
  whenDrained: CloseInfo | undefined;
}
