/**
 * The two ways in which schemas work: by generated code, and by their own methods.
 *
 * @module
 */
import { assert } from "@std/assert";
import { setCompiler } from "../../codec/archive.ts";
import { useCompiler } from "../../codec/compiler.ts";

/** What makes a schema's functions. */
export type Backend = "generated code" | "the schemas' own methods";

/** Both. */
export const BACKENDS: readonly Backend[] = ["generated code", "the schemas' own methods"];

/** Run with one of them, and leave what was chosen before. */
export function withBackend<T>(backend: Backend, run: () => T): T {
  const previous = setCompiler(undefined);
  try {
    if (backend === "generated code") assert(useCompiler());
    return run();
  } finally {
    setCompiler(previous);
  }
}
