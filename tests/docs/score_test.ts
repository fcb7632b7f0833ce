import { assert, assertEquals } from "@std/assert";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { THIS_RUNTIME } from "../support/runtimes.ts";

/** JSR's score of a package, as far as it can be computed before publishing: https://jsr.io/docs/scoring */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(ROOT + path, "utf8");

const { description, exports } = JSON.parse(read("deno.json")) as {
  readonly description: string;
  readonly exports: Readonly<Record<string, string>>;
};

interface JsDoc {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string }[];
}

interface Documented {
  readonly module_doc?: JsDoc;
  readonly symbols: readonly {
    readonly name: string;
    readonly declarations: readonly { readonly jsDoc?: JsDoc }[];
  }[];
}

async function documentation(entry: string): Promise<Documented> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["doc", "--json", entry], {
    cwd: ROOT,
    maxBuffer: 64 << 20,
  });
  const { nodes } = JSON.parse(stdout) as { nodes: Readonly<Record<string, Documented>> };
  return Object.values(nodes)[0]!;
}

test("the package has a description and a README with an example", () => {
  // JSR accepts up to 250 characters.
  assert(description.length > 20 && description.length <= 250);
  assert(/^```ts/m.test(read("README.md")));
});

test("publishing says where the package was built", () => {
  const workflow = read(".github/workflows/publish.yml");
  assert(workflow.includes("id-token: write") && workflow.includes("deno publish"));
});

/** `deno doc` is needed, which is the runtime itself. */
if (THIS_RUNTIME === "deno") {
  for (const [name, path] of Object.entries(exports)) {
    test(`${name} says what it is, with an example, and documents each symbol`, async () => {
      const { module_doc, symbols } = await documentation(path);
      assert((module_doc?.doc ?? "").length > 20);
      const examples = module_doc?.tags?.filter(({ kind }) => kind === "example") ?? [];
      assert(examples.length > 0, "the module's documentation has no @example");
      assert(symbols.length > 0);
      const undocumented = symbols.filter(({ declarations }) =>
        !declarations.some(({ jsDoc }) => (jsDoc?.doc ?? "") !== "")
      );
      // JSR wants 80 %.
      assertEquals(undocumented.map(({ name }) => name), []);
    });
  }
}
