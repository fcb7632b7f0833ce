import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import process from "node:process";
import { test } from "node:test";
import type { Schema } from "../../codec/mod.ts";
import { BACKENDS } from "../support/backends.ts";
import { build, readLines } from "../support/vectors.ts";
import { assertSame, checkView, mutate, randomFrom, readBoth, SEED } from "./support.ts";

/** Damaged copies in all; set `HARDLIGHT_MUTATIONS` for a longer run. */
const MUTATIONS = Number(process.env["HARDLIGHT_MUTATIONS"] ?? 20_000);

interface Case {
  readonly name: string;
  readonly schema: Schema<unknown>;
  readonly archive: Uint8Array;
}

function cases(): Case[] {
  const files = ["values.jsonl", ...["core", "random", "protocol"].map(zipped)];
  return files.flatMap(readLines).map(({ name, schema, hex }) => ({
    name,
    schema: build(schema).schema,
    archive: decodeHex(hex),
  }));
}

function zipped(name: string): string {
  return `reference/${name}.jsonl.gz`;
}

test(`damaged archives are read alike by all backends and views (seed ${SEED})`, () => {
  const all = cases();
  assert(all.length > 1500);
  const random = randomFrom(SEED);
  const each = Math.max(1, Math.round(MUTATIONS / all.length));
  let accepted = 0;
  let refused = 0;
  for (const { name, schema, archive } of all) {
    const damaged = Array.from({ length: each }, () => mutate(archive, random));
    const outcomes = BACKENDS.map((backend) =>
      damaged.map((bytes) => within(name, bytes, () => readBoth(backend, schema, bytes)))
    );
    damaged.forEach((bytes, i) => {
      within(name, bytes, () => {
        const [generated, plain] = [outcomes[0]![i]!, outcomes[1]![i]!];
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
