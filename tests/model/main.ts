/**
 * Worlds for any number of minutes: `deno task model --minutes 60`, or the one of a failure again.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { parseArgs } from "node:util";
import { explore, type WorldName, WORLDS } from "./run.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    world: { type: "string" },
    compiled: { type: "string" },
    seed: { type: "string" },
    size: { type: "string", default: "100" },
    path: { type: "string" },
    replay: { type: "string" },
  },
});
const size = Number(values.size);
if (values.path !== undefined) {
  await explore({
    world: values.world as WorldName,
    compiled: values.compiled === "true",
    seed: Number(values.seed),
    forMs: 1,
    size,
    path: values.path,
    replayPath: values.replay,
  });
  console.log("it was right this time");
  process.exit(0);
}
const until = performance.now() + Number(values.minutes) * 60_000;
const counts: Record<string, number> = {};
let seed = Number(values.seed ?? Date.now() % 2 ** 31);
console.log(`from seed ${seed}`);
while (performance.now() < until) {
  for (const world of Object.keys(WORLDS) as WorldName[]) {
    if (values.world !== undefined && values.world !== world) continue;
    for (const compiled of [true, false]) {
      if (values.compiled !== undefined && values.compiled !== String(compiled)) continue;
      const name = `${world}${compiled ? "" : ", interpreted"}`;
      const forMs = Math.min(30_000, until - performance.now());
      if (forMs <= 0) continue;
      counts[name] = (counts[name] ?? 0) + await explore({ world, compiled, seed, forMs, size });
      seed += 100_000;
    }
  }
  console.log(JSON.stringify(counts));
}
process.exit(0);
