/**
 * {@linkcode untilQuiet}: until what has come has been received.
 *
 * @module
 */

/** Runs a step when the runtime has looked for input. */
export type AfterInput = (run: () => void) => void;

/** Times that input is looked for: a server that is called all the time waits no longer. */
const MAX_LOOKS = 16;

/**
 * Wait until the runtime has looked for input and there was none: a message that has come may still lie in
 * the runtime, or wait for its turn.
 *
 * @param received How many messages were received, ever.
 */
export async function untilQuiet(afterInput: AfterInput, received: () => number): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const before = received();
    await new Promise<void>(afterInput);
    if (received() === before) return;
  }
}
