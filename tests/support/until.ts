/**
 * {@linkcode until}: waits for what a test expects to happen.
 *
 * @module
 */

/** Milliseconds between two looks. */
const LOOK_MS = 5;
/** Milliseconds after which it does not happen any more. */
const PATIENCE_MS = 50_000;

/** Resolves once a condition holds; throws if it never does. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`Not within ${patienceMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
