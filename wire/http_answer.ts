/**
 * Whether a `Response` that the user gave can be sent.
 *
 * @module
 */

/** What was sent: with a body it cannot be sent again, and `Deno.serve` does not say so. */
const sent = new WeakSet<Response>();

/** Throws `TypeError` if a `Response` cannot be sent; it is taken for sent from now on. */
export function checkAnswer(answer: unknown): asserts answer is Response {
  if (!(answer instanceof Response)) {
    throw new TypeError("Cannot answer a request: expected this runtime's Response");
  }
  if (answer.bodyUsed || isLocked(answer) || (sent.has(answer) && answer.body !== null)) {
    throw new TypeError(
      "Cannot answer a request: this Response was sent before; make a new one for each request",
    );
  }
  // What `Response.error()` makes.
  if (answer.status < 200) {
    throw new TypeError(`Cannot answer a request: ${answer.status} is no status of an answer`);
  }
  sent.add(answer);
}

/**
 * Whether somebody else reads the body. Once it is asked for, Bun sends text without the type that it
 * implies: there it is asked for only where a type is set, and Bun itself refuses the others.
 */
function isLocked(answer: Response): boolean {
  if ("Bun" in globalThis && !answer.headers.has("content-type")) return false;
  return answer.body?.locked === true;
}
