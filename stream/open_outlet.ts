/**
 * {@linkcode openOutlet}: outlets where no page has to load them first.
 *
 * @module
 */
import type { Uploading } from "./caller.ts";
import { openGate } from "./gate.ts";
import { outletsOf } from "./outlet.ts";
import { OUTLET_KIT } from "./outlet_kit.ts";
import type { OpenOutlet } from "./types.ts";

/** The sending side of a stream: see {@linkcode outletsOf}. */
export const openOutlet: OpenOutlet = outletsOf(OUTLET_KIT);

/** Sends the items of calls' arguments. */
export const UPLOADING: Uploading = { openOutlet, openGate };
