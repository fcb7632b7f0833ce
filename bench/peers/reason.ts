/**
 * {@linkcode reasonOf}: why a contender does not run, in a line.
 *
 * @module
 */

/** How runtimes begin the line of an error: `Error: `, `error: `, `error: Uncaught (in promise) TypeError: `. */
const ERROR = /^(?:error: Uncaught (?:\(in promise\) )?)?(?:\w*Error(?: \[\w+\])?|error): (?=.)/;

/** The line that says why, of an error whose message may be all that a process wrote on stderr. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return lines.find((line) => ERROR.test(line))?.replace(ERROR, "") ?? lines[0] ?? "";
}
