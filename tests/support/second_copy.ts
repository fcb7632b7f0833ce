/**
 * Another copy of this module in the same process, as with two installs of the package.
 *
 * @module
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { THIS_RUNTIME } from "./runtimes.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PARTS =
  "codec deflate tls wire stream service server client runtime mod.ts server.ts memory.ts";

/** The copy's main entry and its server's. */
export interface SecondCopy {
  readonly mod: typeof import("../../mod.ts");
  readonly server: typeof import("../../server.ts");
}

/** Load it. On Node, where tests are bundled, the bundle has it. */
export async function loadSecondCopy(): Promise<SecondCopy> {
  if (THIS_RUNTIME === "node") {
    const mod: unknown = await import("../../mod.ts?copy");
    const server: unknown = await import("../../server.ts?copy");
    return { mod, server } as SecondCopy;
  }
  const folder = await mkdtemp(join(tmpdir(), "hardlight-copy-"));
  try {
    for (const part of PARTS.split(" ")) {
      await cp(join(ROOT, part), join(folder, part), { recursive: true });
    }
    const load = (entry: string) => import(pathToFileURL(join(folder, entry)).href);
    return { mod: await load("mod.ts"), server: await load("server.ts") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
