/** A `Buffer` only makes reading strings faster: without one, every byte and every error is the same. */
import { assert, assertEquals } from "@std/assert";
import { after, before, test } from "node:test";
import { type Bundle, bundle, BUNDLE_RUNTIMES } from "../support/bundles.ts";

let program: Bundle;
before(() => program = bundle("support/strings_codec.ts"));
after(() => program[Symbol.dispose]());

for (const runtime of BUNDLE_RUNTIMES) {
  test(`strings are written and read alike with and without a global Buffer on ${runtime}`, () => {
    const [has, count, hash] = JSON.parse(program.run(runtime));
    const [hasNone, countWithout, hashWithout] = JSON.parse(
      program.run(runtime, "", "--without-buffer"),
    );
    assertEquals([has, hasNone], [true, false]);
    assert(count > 1500);
    assertEquals([countWithout, hashWithout], [count, hash]);
  });
}
