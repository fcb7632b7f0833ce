import { assert, assertEquals } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  filesOf,
  inFolder,
  listeningAnywhere,
  resolved,
  runFile,
  textOf,
  untilWritten,
} from "./markdown.ts";

const MAX_LINES = 200;
const text = textOf("README.md");
const files = filesOf(text);

test(`README.md has at most ${MAX_LINES} lines`, () => {
  const lines = text.trimEnd().split("\n").length;
  assert(lines <= MAX_LINES, `${lines} lines`);
});

test("README.md has a service, a server and a client in at most 40 lines", () => {
  assertEquals([...files.keys()], ["counter.ts", "server.ts", "client.ts"]);
  const lines = [...files.values()].flatMap((code) => code.trimEnd().split("\n"));
  assert(lines.length <= 40, `${lines.length} lines`);
});

test("README.md's server answers its client, each in a separate process", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "counter.ts"), resolved(files.get("counter.ts")!));
    // The port of the text may be taken: the client waits for another.
    const ready = join(folder, "url.json");
    writeFileSync(join(folder, "server.ts"), listeningAnywhere(files.get("server.ts")!, ready));
    const stop = new AbortController();
    const serving = runFile(join(folder, "server.ts"), stop.signal);
    try {
      const url = await untilWritten(ready, serving);
      const client = files.get("client.ts")!.replace("wss://localhost:8080", url);
      assert(client.includes(url), "the client dials port 8080");
      writeFileSync(join(folder, "client.ts"), resolved(client));
      const lines = await runFile(join(folder, "client.ts"));
      assertEquals(lines.slice(0, 2), ["2", "2"]);
      const event = lines.slice(2).join(" ").replace(/\s+/g, " ").replace(/, }/, " }");
      assertEquals(event, '{ type: "changed", from: 0, to: 2 }');
    } finally {
      stop.abort();
      await serving;
    }
  });
});
