/**
 * Checks whether a user's `Response` can be sent.
 *
 * @module
 */

/** Sent responses: one with a body cannot be sent again, and `Deno.serve` doesn't report that. */
const sent = new WeakSet<Response>();

/** Throws `TypeError` if a `Response` cannot be sent; from then on it counts as sent. */
export function checkAnswer(answer: unknown): asserts answer is Response {
  if (!(answer instanceof Response)) {
    throw new TypeError("Cannot answer a request: expected this runtime's Response");
  }
  if (answer.bodyUsed || isLocked(answer) || (sent.has(answer) && answer.body !== null)) {
    throw new TypeError(
      "Cannot answer a request: this Response was sent before; make a new one for each request",
    );
  }
  // A `Response.error()`.
  if (answer.status < 200) {
    throw new TypeError(`Cannot answer a request: ${answer.status} is no status of an answer`);
  }
  sent.add(answer);
}

/**
 * Whether the body has another reader. After reading `body`, Bun sends text without its implied type: so on Bun
 * it is read only if a type is set; Bun itself rejects the others.
 */
function isLocked(answer: Response): boolean {
  if ("Bun" in globalThis && !answer.headers.has("content-type")) return false;
  return answer.body?.locked === true;
}
