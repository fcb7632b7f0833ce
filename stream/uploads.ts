/**
 * What a page loads when it first streams an argument.
 *
 * What loads later imports nothing of what loads first: a bundler would split that in two.
 *
 * @module
 */
export { openGate } from "./gate.ts";
export { outletsOf } from "./outlet.ts";
