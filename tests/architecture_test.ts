import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What each layer may import, itself aside. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  codec: [],
  deflate: [],
  tls: [],
  wire: ["codec", "deflate"],
  service: ["codec", "wire"],
  server: ["codec", "wire", "service"],
  client: ["codec", "wire", "service"],
  runtime: ["wire", "deflate"],
  bridges: ["wire"],
};

/** Layers that name no runtime and import nothing of one. */
const CORE = ["codec", "deflate", "tls", "wire", "service", "server", "client"];

/** Entry files, which join the parts; nobody below imports them. */
const ENTRIES = ["mod.ts", "server.ts", "client.ts", "memory.ts"];

function sources(layer: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(ROOT, layer), { recursive: true }) as string[];
  } catch {
    return [];
  }
  return names.filter((name) => name.endsWith(".ts")).map((name) =>
    `${layer}/${name}`.replaceAll("\\", "/")
  );
}

/** Code without comments: examples in them import what they like. */
function code(file: string): string {
  return readFileSync(join(ROOT, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "").replace(
    /^\s*\/\/.*$/gm,
    "",
  );
}

function imports(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport\s*\(|^\s*import)\s*"([^"]+)"/gm);
  return [...found].map((match) => match[1]!);
}

function isAllowed(layer: string, file: string, specifier: string): boolean {
  if (specifier.startsWith("node:")) return !CORE.includes(layer);
  if (!specifier.startsWith(".")) return false;
  const target = normalize(join(dirname(file), specifier)).replaceAll("\\", "/");
  const folder = target.includes("/") ? target.slice(0, target.indexOf("/")) : "";
  return folder === layer || ALLOWED[layer]!.includes(folder);
}

test("every import points down a layer", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const layer of Object.keys(ALLOWED)) {
    for (const file of sources(layer)) {
      for (const specifier of imports(code(file))) {
        seen++;
        if (!isAllowed(layer, file, specifier)) wrong.push(`${file} -> ${specifier}`);
      }
    }
  }
  assert(seen > 200, `only ${seen} imports were found`);
  assertEquals(wrong, []);
});

test("the core names no runtime", () => {
  const wrong: string[] = [];
  for (const layer of CORE) {
    for (const file of sources(layer)) {
      const match = code(file).match(/\b(?:Deno|Bun|process)\./);
      if (match) wrong.push(`${file}: ${match[0]}`);
    }
  }
  assertEquals(wrong, []);
});

test("entry files import no bridge and nothing from outside", () => {
  const wrong: string[] = [];
  for (const file of ENTRIES) {
    for (const specifier of imports(code(file))) {
      if (!specifier.startsWith("./") || specifier.startsWith("./bridges/")) {
        wrong.push(`${file} -> ${specifier}`);
      }
    }
  }
  assertEquals(wrong, []);
});

test("this runtime has every global that the core may use", () => {
  const platform = readFileSync(join(ROOT, "tests/support/platform.d.ts"), "utf8");
  const names = [...platform.matchAll(/^declare (?:class|const|function) (\w+)/gm)];
  assert(names.length > 10, `only ${names.length} globals were found`);
  const missing = names.map(([, name]) => name!).filter((name) => !(name in globalThis));
  assertEquals(missing, []);
});
