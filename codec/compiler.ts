/**
 * Compiles a schema to one function each for writing, reading and checking, by `new Function`.
 *
 * Generated code stays fast with many schemas alive, where the schemas' own methods become
 * megamorphic. Where code generation is forbidden (a page's CSP, some workers) the methods are used:
 * the results are the same.
 *
 * @module
 */
import { compile, type Compiled, type Compiler, setCompiler } from "./archive.ts";
import { ReadEmitter } from "./compile_read.ts";
import { WriteEmitter } from "./compile_write.ts";
import { Generator } from "./generator.ts";
import type { Schema } from "./schema.ts";

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
      functions.write = generated(() => writing(schema), () => compile(schema).write);
      functions.write(writer, value);
    },
    read(reader) {
      functions.read = generated(() => reading(schema, true), () => compile(schema).read);
      return functions.read(reader);
    },
    check(reader) {
      functions.check = generated(() => reading(schema, false), () => compile(schema).check);
      functions.check(reader);
    },
  };
  return functions;
};

/** What is generated, or a schema's own where that is forbidden by now: Workers allow it at their start. */
function generated<F>(generate: () => unknown, own: () => F): F {
  try {
    return generate() as F;
  } catch (error) {
    if (canCompile()) throw error;
    setCompiler(undefined);
    return own();
  }
}

function writing(schema: Schema<unknown>): unknown {
  const generator = new Generator();
  const emitter = new WriteEmitter(generator);
  const main = emitter.main(schema);
  return generator.build(main, (name, part) => emitter.outlined(name, part));
}

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
