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

const files = filesOf(textOf("docs/getting-started.md"));

test("docs/getting-started.md shows each file of the page, the server and the client", () => {
  const names = ["tsconfig.json", "counter.ts", "server.ts", "index.html", "main.tsx", "client.ts"];
  assertEquals([...files.keys()], names);
});

test("docs/getting-started.md: its server and its client run as two processes", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "counter.ts"), resolved(files.get("counter.ts")!));
    const ready = join(folder, "url.json");
    writeFileSync(join(folder, "server.ts"), listeningAnywhere(files.get("server.ts")!, ready));
    const stop = new AbortController();
    const serving = runFile(join(folder, "server.ts"), stop.signal);
    try {
      const url = await untilWritten(ready, serving);
      const client = files.get("client.ts")!.replace("ws://localhost:8080", url);
      assert(client.includes(url), "the client dials port 8080");
      writeFileSync(join(folder, "client.ts"), resolved(client));
      assertEquals(await runFile(join(folder, "client.ts")), ["10", "10"]);
      assertEquals(await runFile(join(folder, "client.ts")), ["20", "10"]);
    } finally {
      stop.abort();
      await serving;
    }
  });
});
