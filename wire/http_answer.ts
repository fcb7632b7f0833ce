/**
 * Whether a `Response` that the user gave can be sent.
 *
 * @module
 */

/** What was sent, and cannot be sent again: `Deno.serve` does not say so of a `Response`. */
const sent = new WeakSet<Response>();

/** Throws `TypeError` if a `Response` cannot be sent; it is taken for sent from now on. */
export function checkAnswer(answer: unknown): asserts answer is Response {
  if (!(answer instanceof Response)) {
    throw new TypeError("Cannot answer a request: expected this runtime's Response");
  }
  if (answer.bodyUsed || answer.body?.locked === true || sent.has(answer)) {
    throw new TypeError(
      "Cannot answer a request: this Response was sent before; make a new one for each request",
    );
  }
  // What `Response.error()` makes.
  if (answer.status < 200) {
    throw new TypeError(`Cannot answer a request: ${answer.status} is no status of an answer`);
  }
  if (answer.body !== null) sent.add(answer);
}
