/** What the comparison with other libraries is installed from. */
import { assert, assertEquals } from "@std/assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { missingPackages } from "../../bench/peers/installed.ts";

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test("the lock of bench/peers has every package, optional ones for other systems too", () => {
  const lock = new URL("../../bench/peers/package-lock.json", import.meta.url);
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const missing: string[] = [];
  let seen = 0;
  for (const [path, { dependencies, optionalDependencies }] of Object.entries(packages)) {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      seen++;
      // As Node looks for it: in the folder of the package, then in those above.
      const folders = path.split("/node_modules/");
      const places = folders.map((_, i) =>
        `${folders.slice(0, i + 1).join("/node_modules/")}/node_modules/${name}`
      );
      places.push(`node_modules/${name}`);
      if (!places.some((place) => place in packages)) missing.push(`${path} needs ${name}`);
    }
  }
  assert(seen > 100, `${seen}`);
  assertEquals(missing, []);
});

test("missingPackages() names what is not installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "hardlight-peers-"));
  try {
    const there = join(folder, "node_modules", "@a", "there");
    mkdirSync(there, { recursive: true });
    writeFileSync(join(there, "package.json"), "{}");
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ dependencies: { "@a/there": "1.0.0", gone: "1.0.0" } }),
    );
    assertEquals(missingPackages(pathToFileURL(`${folder}/`)), ["gone"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
