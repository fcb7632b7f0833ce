/**
 * Puts the client of `streams_page.ts` into a page's global scope.
 *
 * @module
 */
import { connect } from "../../browser.ts";
import { Flow, itemsOf } from "./flow_service.ts";

/** The globals of the page. */
export const flow = { connect, Flow, itemsOf };

Object.assign(globalThis, { flow });
