import { assert, assertRejects } from "@std/assert";
import { test } from "node:test";
import { FAULTS } from "./faults.ts";
import { explore } from "./run.ts";

/** Faults at every nth of an action, and so not at the same place again. */
const COUNTING = /now and then|twice|lost/;

for (const [name, plant] of Object.entries(FAULTS)) {
  test(`the tester finds ${name}`, async () => {
    const takeOut = plant();
    try {
      const exploration = { world: "memory", compiled: true, seed: 1, forMs: 60_000 } as const;
      const { message } = await assertRejects(() => explore(exploration), Error);
      // It names the commands, and how to see it again.
      assert(/after .*\(/.test(message) && message.includes("deno task model --world"), message);
      const [, seed, path] = /--seed (\d+) --path (\S+)/.exec(message)!;
      const [, replayPath] = /--replay (\S+)/.exec(message) ?? [];
      const again = { ...exploration, seed: Number(seed), path, replayPath, forMs: 1 };
      if (!COUNTING.test(name)) await assertRejects(() => explore(again), Error);
    } finally {
      takeOut();
    }
  });
}
