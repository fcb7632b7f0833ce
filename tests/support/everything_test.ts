import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { allParts, runParts } from "../../scripts/everything.ts";

test("runParts() shows a line a part, why one failed, and goes on", async () => {
  const lines: string[] = [];
  const good = await runParts([
    { name: "good", command: ["sh", "-c", "echo unseen"] },
    { name: "bad", command: ["sh", "-c", "echo because; exit 3"] },
    { name: "missing", command: ["no-such-program"] },
    { name: "good again", command: ["true"] },
  ], (line) => lines.push(line));
  assertEquals(good, false);
  const [first, second, why, third, _missing, last] = lines;
  assert(/^ok +good, \d+ s$/.test(first!), first);
  assert(/^FAILED +bad, \d+ s, with 3: /.test(second!), second);
  assertEquals(why, "because");
  assert(/^FAILED +missing, \d+ s, with /.test(third!), third);
  assert(/^ok +good again, /.test(last!), last);
  assertEquals(await runParts([{ name: "good", command: ["true"] }], () => {}), true);
});

test("allParts() gives parts different names", () => {
  const names = allParts(1).map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
});
