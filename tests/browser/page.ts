/**
 * Puts the client where a test can reach it: in a page's global scope.
 *
 * @module
 */
import { connect, ConnectError, RpcError } from "../../browser.ts";
import { Asking, Changed, Probe } from "./service.ts";

/** The globals of the page for a test. */
export const probe = { connect, ConnectError, RpcError, Probe, Changed, Asking };

Object.assign(globalThis, { probe });
