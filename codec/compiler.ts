/**
 * Compiles a schema to one function each for writing, reading and checking, by `new Function`.
 *
 * Generated code stays fast with many schemas alive, where the schemas' own methods become
 * megamorphic. Where code generation is forbidden (a page's CSP, some workers) the methods are used:
 * the results are the same.
 *
 * @module
 */
import { type Compiled, type Compiler, setCompiler } from "./archive.ts";
import { ReadEmitter } from "./compile_read.ts";
import { WriteEmitter } from "./compile_write.ts";
import { Generator } from "./generator.ts";
import type { Reader } from "./reader.ts";
import type { Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** Whether this environment lets code be generated. */
export function canCompile(): boolean {
  try {
    return new Function("return 1")() === 1;
  } catch {
    return false;
  }
}

/** Each function is generated when it is first called. */
const generate: Compiler = <T>(schema: Schema<T>): Compiled<T> => {
  const functions: Compiled<T> = {
    write(writer, value) {
      const generator = new Generator();
      const emitter = new WriteEmitter(generator);
      const main = emitter.main(schema);
      const write = generator.build(main, (name, part) => emitter.outlined(name, part)) as (
        w: Writer,
        v: T,
      ) => void;
      functions.write = write;
      write(writer, value);
    },
    read(reader) {
      const read = reading(schema, true) as (r: Reader) => T;
      functions.read = read;
      return read(reader);
    },
    check(reader) {
      const check = reading(schema, false) as (r: Reader) => void;
      functions.check = check;
      check(reader);
    },
  };
  return functions;
};

function reading(schema: Schema<unknown>, builds: boolean): unknown {
  const generator = new Generator();
  const emitter = new ReadEmitter(generator, builds);
  const main = emitter.main(schema);
  return generator.build(main, (name, part) => emitter.outlined(name, part));
}

/** Use generated code from now on, if it is allowed here; says whether it is. */
export function useCompiler(): boolean {
  const allowed = canCompile();
  if (allowed) setCompiler(generate);
  return allowed;
}
