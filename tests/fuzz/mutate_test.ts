import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import process from "node:process";
import { test } from "node:test";
import { setCompiler } from "../../codec/archive.ts";
import { useCompiler } from "../../codec/compiler.ts";
import type { Schema } from "../../codec/mod.ts";
import { build, readLines } from "../support/vectors.ts";
import {
  assertSame,
  checkView,
  mutate,
  type Outcome,
  randomFrom,
  readBoth,
  SEED,
} from "./support.ts";

/** Damaged copies in all; set `HARDLIGHT_MUTATIONS` for a longer run. */
const MUTATIONS = Number(process.env["HARDLIGHT_MUTATIONS"] ?? 20_000);

interface Case {
  readonly name: string;
  readonly schema: Schema<unknown>;
  readonly archive: Uint8Array;
}

function cases(): Case[] {
  const lines = ["core", "random", "protocol"].flatMap((f) => readLines(`reference/${f}.jsonl.gz`));
  return lines.flatMap(({ name, schema, hex }) => {
    const made = outcomeOfBuild(() => build(schema).schema);
    return made === undefined ? [] : [{ name, schema: made, archive: decodeHex(hex) }];
  });
}

/** Some lines have map keys that are refused. */
function outcomeOfBuild(make: () => Schema<unknown>): Schema<unknown> | undefined {
  try {
    return make();
  } catch (error) {
    assert(error instanceof TypeError);
    return undefined;
  }
}

test(`damaged archives are read alike by all backends and views (seed ${SEED})`, () => {
  const all = cases();
  assert(all.length > 900);
  const random = randomFrom(SEED);
  const each = Math.max(1, Math.round(MUTATIONS / all.length));
  let accepted = 0;
  let refused = 0;
  for (const { name, schema, archive } of all) {
    const damaged = Array.from({ length: each }, () => mutate(archive, random));
    const outcomes: Outcome[][] = [];
    for (const choose of [() => setCompiler(undefined), useCompiler]) {
      choose();
      outcomes.push(damaged.map((bytes) => within(name, bytes, () => readBoth(schema, bytes))));
    }
    damaged.forEach((bytes, i) => {
      within(name, bytes, () => {
        const [plain, generated] = [outcomes[0]![i]!, outcomes[1]![i]!];
        if ("code" in plain) {
          refused++;
          assertEquals(generated, plain);
        } else {
          accepted++;
          // Not compared as bytes: the bits of a NaN do not survive being a number.
          assert("value" in generated);
          assertSame(generated.value, plain.value);
        }
        checkView(schema, bytes, plain);
      });
    });
  }
  assert(accepted > 0 && refused > 0);
  if (process.env["HARDLIGHT_MUTATIONS"]) {
    process.stdout.write(`${accepted} accepted, ${refused} refused\n`);
  }
});

function within<R>(name: string, bytes: Uint8Array, run: () => R): R {
  try {
    return run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.stack : String(cause);
    throw new Error(`${name}, seed ${SEED}, archive ${encodeHex(bytes)}: ${reason}`, { cause });
  }
}
