/**
 * {@linkcode openOutlet}: outlets where no page has to load them first.
 *
 * @module
 */
import { overCredit } from "../wire/faults.ts";
import { isThenable } from "../wire/listener.ts";
import { turns } from "../wire/batch.ts";
import type { Uploading } from "./caller.ts";
import { isRawItem, openGate, openSharedWindow, outletsOf } from "./outlet.ts";
import type { OpenOutlet } from "./types.ts";

/** The sending side of a stream: see {@linkcode outletsOf}. */
export const openOutlet: OpenOutlet = outletsOf({ isThenable, overCredit, turns });

/** Sends the items of calls' arguments. */
export const UPLOADING: Uploading = { openOutlet, openGate, openSharedWindow, isRawItem };
