/**
 * Compiles a schema to one function each for writing, reading and checking, by `new Function`.
 *
 * Generated code stays fast with many schemas alive, where the schemas' own methods become
 * megamorphic. Where code generation is forbidden (a page's CSP, some workers) the methods are used:
 * the results are the same.
 *
 * @module
 */
import { type Codec, type Functions, interpret } from "./archive.ts";
import { checkSchema } from "./check.ts";
import { describeValue } from "./describe.ts";
import { writeFunction } from "./generate_parts.ts";
import { ReadEmitter } from "./generate_read.ts";
import { Generator } from "./generator.ts";
import { type AnySchema, once, type Schema } from "./schema.ts";

function isAllowed(): boolean {
  try {
    return new Function("return 1")() === 1;
  } catch {
    return false;
  }
}

/** Whether this environment lets code be generated. */
export const canGenerate: () => boolean = /* @__PURE__ */ once(isAllowed);

/** The codec that generates code, where that is allowed: each function when it is first called. */
export const generate: Codec = <T>(schema: Schema<T>): Functions<T> => {
  checkSchema("the schema", schema);
  if (!canGenerate()) return interpret(schema);
  const interpreted = interpret(schema);
  const functions: Functions<T> = {
    write(writer, value) {
      functions.write = generated(() => writing(schema), interpreted.write);
      functions.write(writer, value);
    },
    read(reader) {
      functions.read = generated(() => reading(schema, true), interpreted.read);
      return functions.read(reader);
    },
    check(reader) {
      functions.check = generated(() => reading(schema, false), interpreted.read);
      functions.check(reader);
    },
    explainWrite(writer, value, cause) {
      writer.abandon(writer.base);
      writer.describe = describeValue;
      try {
        interpreted.write(writer, value);
        return cause;
      } catch (error) {
        return error;
      }
    },
    explainRead(reader, cause) {
      reader.open(reader.start, reader.end);
      try {
        interpreted.read(reader);
        reader.steps = 0;
        return cause;
      } catch (error) {
        return error;
      }
    },
  };
  return functions;
};

/** What is generated, or what interprets: where nothing is, or it is forbidden by now. Workers allow it at their start. */
function generated<F>(make: () => unknown, otherwise: F): F {
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
