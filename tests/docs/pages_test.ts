import { assert, assertEquals } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { blocksOf, inFolder, PAGES, resolved, textOf } from "./markdown.ts";

/** Languages of blocks that are not checked. */
const OTHERS = ["sh", "text", "rust", "toml", "nginx", "hcl", "json"];
/** Pages with a separate test, which runs their files together. */
const WITH_OWN_TEST = ["docs/getting-started.md", "docs/from-rust.md"];

/** A page's file that a test of its own runs. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = { "docs/mounting.md": "server.ts" };

/** Lines of code, without the differences between a page and its file. */
const codeLines = (code: string): string[] =>
  code.replace(/^import [^;]*;$/gm, "").split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("// examples/"));

for (const page of PAGES) {
  const text = textOf(page);
  const blocks = blocksOf(text);

  test(`${page} begins with its title and an answer`, () => {
    const [title, answer] = text.split("\n\n");
    assert(/^# \S/.test(title!), title);
    assert(/^(?:[A-Z]|`|\[|\*\*)/.test(answer!) && answer!.length > 60, answer);
  });

  test(`${page} has no code but examples that run, and parts of files that do`, () => {
    for (const { info, file, code } of blocks) {
      if (TESTED_ELSEWHERE[page] === file && file !== undefined) continue;
      if (info === "ts" || OTHERS.includes(info) || WITH_OWN_TEST.includes(page)) continue;
      assert(info === "ts ignore" && file?.startsWith("examples/") === true, code);
      const whole = new Set(codeLines(textOf(file ?? "")));
      assertEquals(codeLines(code).filter((line) => !whole.has(line)), [], file);
    }
  });

  for (const [i, { code }] of blocks.filter(({ info }) => info === "ts").entries()) {
    const names = /import \{([^}]+)\} from "@hardlight/.exec(code)?.[1]?.trim() ?? "";
    test(`${page}, example ${i + 1} (${names.replace(/\s+/g, " ")}), holds`, async () => {
      await inFolder(async (folder) => {
        const path = join(folder, "example.ts");
        writeFileSync(path, resolved(code));
        await import(pathToFileURL(path).href);
      });
    });
  }
}
