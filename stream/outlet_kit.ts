/**
 * {@linkcode OUTLET_KIT}: what outlets need of modules that a page has already loaded when it sends its first stream.
 *
 * @module
 */
import { overCredit } from "../wire/faults.ts";
import { isThenable } from "../wire/listener.ts";
import { turns } from "../wire/turn_end.ts";

/** What {@linkcode OUTLET_KIT} holds. */
export interface OutletKit {
  readonly isThenable: typeof isThenable;
  readonly overCredit: typeof overCredit;
  readonly turns: typeof turns;
}

/** See {@linkcode OutletKit}. */
export const OUTLET_KIT: OutletKit = { isThenable, overCredit, turns };
