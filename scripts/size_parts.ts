/**
 * The parts of a page's bundle, and what ARCHITECTURE.md says of them.
 *
 * @module
 */
import { gzipSync } from "node:zlib";

/** What a page's modules are for, as ARCHITECTURE.md has it, in the order of their first match. */
export const CONCERNS: readonly (readonly [concern: string, files: RegExp])[] = [
  ["the page itself", /^<stdin>$|^(?:examples|scripts)\//],
  ["services, fingerprints, signatures", /^service\/|^codec\/signature/],
  ["archives: writer, reader, defaults", /^codec\/(?:writer|reader|archive|zero)\./],
  ["enums, structs, layout", /^codec\/(?:sums|struct|layout|schema)\./],
  ["classes of errors, paths", /^(?:codec|wire)\/errors\./],
  ["numbers, `bool`, `()`, bytes, UTF-8", /^codec\//],
  ["topics", /^wire\/topic\./],
  [
    "sessions, reading of messages, faults, refusals",
    /^client\/(?:session|failures)\.|^wire\/(?:server_message_reader|faults|codes|close|layout)\./,
  ],
  ["calls", /^client\/page_calls\.|^wire\/batch\./],
  ["queues, events", /^client\/events\.|^stream\/queue\./],
  ["state, observers", /^client\/(?:state_mirror|observable)\./],
  ["stored blocks, limits", /^deflate\/|^wire\/page_limits\./],
  [
    "client, dialing, reconnecting, the socket, the door to options",
    /^client\/|^(?:runtime\/)?browser\.|^wire\/(?:handshake|listener|waiting)\./,
  ],
];

/** A part of a bundle. */
export interface Part {
  readonly name: string;
  /** Its bytes after minification. */
  readonly minified: number;
  /** How many bytes fewer the bundle has without it, after gzip. */
  readonly gzipped: number;
}

/**
 * The parts of a bundle's text, largest first.
 *
 * @param modules Its modules with their bytes, in which order they stand one behind the other.
 */
export function partsOf(
  text: string,
  modules: readonly (readonly [file: string, bytes: number])[],
  nameOf: (file: string) => string,
): Part[] {
  const gzippedBytes = (part: string): number => gzipSync(part, { level: 9 }).length;
  const spans: [name: string, start: number, end: number][] = [];
  let end = 0;
  for (const [file, bytes] of modules) spans.push([nameOf(file), end, end += bytes]);
  const parts = [...new Set(spans.map(([name]) => name))].map((name) => {
    let minified = 0;
    let without = "";
    let from = 0;
    for (const [own, start, end] of spans) {
      if (own !== name) continue;
      minified += end - start;
      without += text.slice(from, start);
      from = end;
    }
    return {
      name,
      minified,
      gzipped: gzippedBytes(text) - gzippedBytes(without + text.slice(from)),
    };
  });
  return parts.filter(({ minified }) => minified > 0).sort((a, b) => b.gzipped - a.gzipped);
}

/** The gzipped bytes of each measured page. */
export type Sizes = Readonly<Record<"counter" | "streaming" | "small" | "rich", number>>;

/** By how much a figure in kB may differ, and one in bytes: a twentieth, and gzip's noise. */
const KILOBYTES_DIFFER = 150;
const bytesDiffer = (really: number): number => really / 20 + 20;

/** A text with what is no longer so put right, and a line for each figure that was wrong. */
export interface Corrected {
  readonly text: string;
  readonly wrong: readonly string[];
}

/** The figures of a file. */
class Figures {
  readonly wrong: string[] = [];
  text: string;
  readonly #file: string;

  constructor(file: string, text: string) {
    this.#file = file;
    this.text = text;
  }

  /** Put one right, of bytes or of thousands of them. */
  readonly replace = (what: string, figure: RegExp, really: number, unit: 1 | 1000): void => {
    const found = figure.exec(this.text);
    const said = Number(found?.[1]?.replaceAll(",", "")) * unit;
    const mayDiffer = unit === 1 ? bytesDiffer(really) : KILOBYTES_DIFFER;
    if (found !== null && Math.abs(said - really) <= mayDiffer) return;
    const now = unit === 1 ? really.toLocaleString("en") : (really / unit).toFixed(1);
    this.wrong.push(`${this.#file} says ${found?.[1] ?? "nothing"} for ${what}, it is ${now}`);
    if (found === null) return;
    // A table keeps its columns, for figures as wide.
    const width = found[0].length - found[1]!.length;
    const put = found[0].slice(0, width) + now.padStart(found[1]!.length);
    this.text = this.text.replace(found[0], put);
  };
}

/** Gzipped bytes that a page loads besides the counter's, some only when asked for. */
export type Added = Readonly<Record<"options" | "compression" | "reading" | "sending", number>>;

/** What docs/browser.md says of them, put right. */
export function correctedPage(text: string, added: Added): Corrected {
  const figures = new Figures("docs/browser.md", text);
  const { replace } = figures;
  replace("options", /further\s+options\s+add\s+([\d.]+)(?= kB)/, added.options, 1000);
  replace("compression", /compression\s+adds\s+([\d.]+)(?= kB)/, added.compression, 1000);
  replace("reading", /\(streams\.md\)\s+adds\s+([\d.]+)(?= kB)/, added.reading, 1000);
  replace("sending", /what\s+sends\s+them,\s+([\d.]+)(?= kB)/, added.sending, 1000);
  return figures;
}

/**
 * What ARCHITECTURE.md says of pages' bytes, with what is no longer so put right.
 *
 * @param gzipped The bytes of each page.
 * @returns The text, and a line for each figure that was wrong.
 */
export function corrected(
  text: string,
  parts: readonly Part[],
  minified: number,
  gzipped: Sizes,
): Corrected {
  const figures = new Figures("ARCHITECTURE.md", text);
  const { replace, wrong } = figures;
  replace("the counter's page, minified", /service\s+loads\s+([\d.]+)(?= kB)/, minified, 1000);
  replace("the counter's page", /kB\s+minified,\s+([\d.]+)(?= kB)/, gzipped.counter, 1000);
  replace(
    "the small page",
    /small\s+page\s+adds\s+([\d.]+)(?= kB)/,
    gzipped.small - gzipped.counter,
    1000,
  );
  replace(
    "the rich page",
    /the\s+rich\s+one\s+([\d.]+)(?= kB)/,
    gzipped.rich - gzipped.counter,
    1000,
  );
  replace(
    "a method that streams to the page",
    /streams\s+to\s+the\s+page\s+([\d.]+)(?= kB)/,
    gzipped.streaming - gzipped.counter,
    1000,
  );
  for (const [concern] of CONCERNS.slice(1)) {
    const part = parts.find(({ name }) => name === concern);
    const row = new RegExp(`^\\| ${concern.replace(/[()]/g, "\\$&")} *\\| +([\\d,]+)`, "m");
    replace(concern, row, part?.gzipped ?? 0, 1);
  }
  for (const { name } of parts) {
    if (!CONCERNS.some(([concern]) => concern === name)) wrong.push(`${name} is of no concern`);
  }
  return figures;
}
