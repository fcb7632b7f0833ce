/**
 * Compiles a schema to one function each for writing, reading and checking, by `new Function`.
 *
 * Generated code stays fast with many schemas, where the schemas' own methods become megamorphic. If code generation
 * is forbidden (a page's CSP, some workers), those methods are used; the results are the same.
 *
 * @module
 */
import { type Codec, interpret } from "./archive.ts";
import { checkSchema } from "./check.ts";
import { explainRead, explainWrite, WORDS } from "./explain.ts";
import { writeFunction } from "./generate_parts.ts";
import { ReadEmitter } from "./generate_read.ts";
import { Generator } from "./generator.ts";
import type { Reader } from "./reader.ts";
import { type AnySchema, type Functions, once, type Schema } from "./schema.ts";

function isAllowed(): boolean {
  try {
    return new Function("return 1")() === 1;
  } catch {
    return false;
  }
}

/** Whether this environment allows code generation. */
export const canGenerate: () => boolean = /* @__PURE__ */ once(isAllowed);

/** The codec that generates code if allowed, each function on its first call. */
export const generate: Codec = {
  words: WORDS,
  write(writer, schema, value) {
    const { base } = writer;
    try {
      functionsOf(schema).write(writer, value);
    } catch (cause) {
      explainWrite(writer, base, schema, value, cause);
    }
  },
  read(reader, schema) {
    try {
      return functionsOf(schema).read(reader);
    } catch (cause) {
      return explainRead(reader, schema, cause);
    }
  },
  readUnexplained: (reader, schema) => functionsOf(schema).read(reader),
  check(reader, schema) {
    try {
      functionsOf(schema).check(reader);
    } catch (cause) {
      explainRead(reader, schema, cause);
    }
  },
};

/**
 * The functions of a schema, which keeps them.
 *
 * @throws {TypeError} If it is declared wrongly.
 */
export function functionsOf<T>(schema: Schema<T>): Functions<T> {
  // What is no schema at all is refused in words.
  return schema?.functions ?? makeFunctions(schema);
}

function makeFunctions<T>(schema: Schema<T>): Functions<T> {
  checkSchema("the schema", schema);
  const read = (reader: Reader): T => interpret.read(reader, schema);
  const functions: Functions<T> = {
    write(writer, value) {
      functions.write = generated(
        () => writing(schema),
        (writer, value) => interpret.write(writer, schema, value),
      );
      functions.write(writer, value);
    },
    read(reader) {
      functions.read = generated(() => reading(schema, true), read);
      return functions.read(reader);
    },
    check(reader) {
      functions.check = generated(() => reading(schema, false), read);
      functions.check(reader);
    },
  };
  return schema.functions = functions;
}

/** A generated function, or the interpreter if generation is not possible or no longer allowed. Workers allow it only at their start. */
function generated<F>(make: () => unknown, otherwise: F): F {
  if (!canGenerate()) return otherwise;
  try {
    return make() as F | undefined ?? otherwise;
  } catch (error) {
    if (isAllowed()) throw error;
    return otherwise;
  }
}

function writing(schema: AnySchema): unknown {
  const generator = new Generator();
  const text = writeFunction(generator, schema);
  return text && generator.build(text.main, text.outlined);
}

function reading(schema: AnySchema, builds: boolean): unknown {
  const generator = new Generator();
  const emitter = new ReadEmitter(generator, builds);
  const main = emitter.main(schema);
  return generator.build(main, (name, part) => emitter.outlined(name, part));
}
