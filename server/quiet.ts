/**
 * {@linkcode EventLoop}, and {@linkcode untilQuiet}: until what has come has been received.
 *
 * @module
 */

/** The runtime's event loop, which all connections share. */
export interface EventLoop {
  /** Run a step when the runtime has looked for input. */
  afterInput(run: () => void): void;
  /** What came has become so many bytes of memory, estimated, which took its time. */
  onDecoded(bytes: number): void;
}

/** Times that input is looked for: a server that is called all the time waits no longer. */
const MAX_LOOKS = 16;

/**
 * Wait until the runtime has looked for input and there was none: a message that has come may still lie in
 * the runtime, or wait for its turn.
 *
 * @param received How many messages were received, ever.
 */
export async function untilQuiet(loop: EventLoop, received: () => number): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const before = received();
    await new Promise<void>((resolve) => loop.afterInput(resolve));
    if (received() === before) return;
  }
}
