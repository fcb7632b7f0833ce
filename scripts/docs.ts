/**
 * Builds the site of the documentation to `dist/site/`: the pages of `docs/`, the protocol, a playground, and the
 * API as HTML. Writes `llms.txt`; with `--llms` nothing else.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DOCUMENTS, llmsText, PAGES, shortTitleOf, toSitePage } from "./docs_pages.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SITE = `${ROOT}site`;
const SOURCE = `${SITE}/pages`;
const OUT = `${ROOT}dist/site`;

function run(cwd: string, command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", cwd });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} failed: ${error?.message ?? status}`);
  process.exit(1);
}

interface Page {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

async function pageOf(name: string, path: string): Promise<Page> {
  const text = await readFile(`${ROOT}${path}`, "utf8");
  return { name, path, text };
}

/** The pages of the documentation. */
export async function readPages(): Promise<{ guide: Page[]; reference: Page[] }> {
  const written = await readdir(`${ROOT}docs`);
  const names = PAGES.filter((name) => written.includes(`${name}.md`));
  return {
    guide: await Promise.all(names.map((name) => pageOf(name, `docs/${name}.md`))),
    reference: await Promise.all(
      Object.entries(DOCUMENTS).map(([name, path]) => pageOf(name, path)),
    ),
  };
}

async function main(): Promise<void> {
  const { guide, reference } = await readPages();
  const all = [...guide, ...reference];
  const llms = llmsText(all);
  await writeFile(`${ROOT}llms.txt`, llms);
  if (process.argv.includes("--llms")) return;

  const { devDependencies: { vitepress } } = JSON.parse(
    await readFile(`${SITE}/package.json`, "utf8"),
  );
  const installed = `${SITE}/node_modules/vitepress/package.json`;
  if (
    !existsSync(installed) || JSON.parse(await readFile(installed, "utf8")).version !== vitepress
  ) run(SITE, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error");

  await rm(SOURCE, { recursive: true, force: true });
  await mkdir(`${SOURCE}/public/docs`, { recursive: true });
  await cp(`${ROOT}docs/images`, `${SOURCE}/images`, { recursive: true });
  const repository = process.env["GITHUB_REPOSITORY"];
  const home = repository === undefined ? undefined : `https://github.com/${repository}`;
  for (const { name, path, text } of all) {
    const folder = path.startsWith("docs/") ? "docs/" : "";
    await writeFile(`${SOURCE}/${name}.md`, toSitePage(text, folder, home));
    await writeFile(`${SOURCE}/public/${path}`, text);
  }
  for (const name of ["index.md", "playground.md"]) {
    await cp(`${SITE}/${name}`, `${SOURCE}/${name}`);
  }
  await writeFile(`${SOURCE}/public/llms.txt`, llms);
  const entry = ({ name }: Page) => ({ name, title: shortTitleOf(name) });
  const pages = {
    guide: guide.map(entry),
    reference: [{ name: "playground", title: "Playground" }, ...reference.map(entry)],
  };
  await writeFile(`${SOURCE}/pages.json`, JSON.stringify(pages));

  await rm(OUT, { recursive: true, force: true });
  run(SITE, "node", "node_modules/vitepress/bin/vitepress.js", "build");
  const { exports } = JSON.parse(await readFile(`${ROOT}deno.json`, "utf8"));
  const entries = Object.values<string>(exports);
  const api = ["doc", "--quiet", "--html", "--name=hardlight", `--output=${OUT}/api`];
  run(ROOT, process.execPath, ...api, ...entries);
  console.log(`The site is in ${OUT}`);
}

if (import.meta.main) await main();
