/**
 * Archives of rkyv 0.7, byte for byte: schemas, encoding, decoding, validation.
 *
 * Importing this lets schemas be compiled to code where the environment allows it; the results are the same
 * where it does not.
 *
 * @module
 */
import { useCompiler } from "./compiler.ts";

export * from "./core.ts";

useCompiler();
