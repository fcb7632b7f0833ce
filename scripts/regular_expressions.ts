/**
 * Checks that every regular expression of the module takes linear time in its input.
 *
 * All of them are checked, since it is not marked which ones match a peer's text. `recheck` decides by an automaton of
 * each, rather than timing one; on those that have none it tries attacks.
 *
 * @module
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkSync } from "recheck";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The published files. */
const PUBLISHED = [
  ...[
    "mod.ts",
    "server.ts",
    "client.ts",
    "browser.ts",
    "page_extras.ts",
    "memory.ts",
    "codec",
    "wire",
    "stream",
    "service",
  ],
  ...["server", "client", "runtime", "bridges", "deflate", "tls"],
];

/** A regular expression in the sources. */
interface Literal {
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

function* sources(path: string): Generator<string> {
  if (!statSync(ROOT + path).isDirectory()) yield path;
  else for (const name of readdirSync(ROOT + path)) yield* sources(`${path}/${name}`);
}

/** A literal can follow an operator, a bracket, a comma or `return`. */
const LITERAL =
  /(?:[=(,:!&|?;{[]|\breturn)\s*\/((?:[^\n\\/[]|\\[^\n]|\[(?:[^\n\\\]]|\\[^\n])*\])+)\/([a-z]*)/g;

/** The literals of a program's text. */
function literalsOf(file: string, text: string): Literal[] {
  const code = text.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return Array.from(
    code.matchAll(LITERAL),
    ([, source = "", flags = ""]) => ({ file, source, flags }),
  );
}

/** Why a literal is not linear, `undefined` if it is. */
function whyNot({ source, flags }: Literal): string | undefined {
  const timeout = 20_000;
  let found = checkSync(source, flags, { timeout, checker: "automaton" });
  // Look-aheads are tried at random, which now and then takes a bounded repetition for polynomial.
  if (found.status === "unknown" && found.error.kind === "unsupported") {
    found = checkSync(source, flags, { timeout });
  }
  // Safe is what takes linear time at most.
  if (found.status === "safe") return undefined;
  return found.status === "vulnerable" ? found.complexity.type : found.error.kind;
}

// The check can fail: on the pattern that once stalled clients, and on another kind.
for (const planted of ["const x = /^([^\\s:]+):[ \\t]*(.*?)[ \\t]*$/;", "f(/^(a+)+$/);"]) {
  const [literal] = literalsOf("planted", planted);
  if (literal === undefined || whyNot(literal) === undefined) {
    throw new Error(`Cannot trust this check: it lets ${planted} pass`);
  }
}
const literals = PUBLISHED.flatMap((path) => [...sources(path)])
  .flatMap((file) => literalsOf(file, readFileSync(ROOT + file, "utf8")));
let failed = 0;
for (const literal of literals) {
  const why = whyNot(literal);
  if (why === undefined) continue;
  failed++;
  // deno-lint-ignore no-console
  console.error(`${literal.file}: /${literal.source}/${literal.flags}: ${why}`);
}
// deno-lint-ignore no-console
console.log(`${literals.length} regular expressions, ${failed} not linear`);
if (failed > 0 || literals.length === 0) throw new Error("A peer may choose what these meet");
