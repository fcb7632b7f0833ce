/**
 * Tests that need a program are skipped without it, except where `HARDLIGHT_REQUIRED` names it.
 *
 * @module
 */
import process from "node:process";

/** `reason`, for which the tests of a program are skipped, if they are. Throws if the program is required. */
export function skipped<Reason extends string | false>(program: string, reason: Reason): Reason {
  if (reason !== false && (process.env.HARDLIGHT_REQUIRED ?? "").split(" ").includes(program)) {
    throw new Error(
      `Cannot skip the tests of ${program}, which HARDLIGHT_REQUIRED names: ${reason}`,
    );
  }
  return reason;
}
