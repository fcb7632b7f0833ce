import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { ACTIONS, PLACES, stageWith } from "./reentrancy.ts";

const NOTHING = {
  underWay: 0,
  timers: 0,
  afterClient: [0, 0],
  client: [0, 0, 0, 0],
  server: [0, 0, 0, 0],
  status: "closed",
};

for (const place of PLACES) {
  for (const [name, action] of Object.entries(ACTIONS)) {
    test(`${name} in ${place} neither hangs nor leaves anything`, { timeout: 20_000 }, async () => {
      const escaped: unknown[] = [];
      const onEscape = (error: unknown): void => void escaped.push(error);
      const { reportError } = globalThis;
      globalThis.reportError = onEscape;
      process.on("unhandledRejection", onEscape);
      process.on("uncaughtException", onEscape);
      try {
        for (const from of [0, 1, 2, 3, 5, 8]) {
          const { acted, left } = await stageWith(place, action, from);
          assert(from > 0 || acted > 0, "it was never there");
          assertEquals(left, NOTHING, `from time ${from}`);
        }
        await new Promise((resolve) => setTimeout(resolve));
        assertEquals(escaped, []);
      } finally {
        globalThis.reportError = reportError;
        process.off("unhandledRejection", onEscape);
        process.off("uncaughtException", onEscape);
      }
    });
  }
}
