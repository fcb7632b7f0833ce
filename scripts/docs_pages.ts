/**
 * The pages of the documentation, and their conversion for the site: {@linkcode PAGES}, {@linkcode toSitePage}.
 *
 * @module
 */

/** The pages of `docs/`, in the order in which they are read. */
export const PAGES = [
  "getting-started",
  "types",
  "state",
  "events",
  "streams",
  "errors",
  "guarantees",
  "reconnecting",
  "authentication",
  "tls",
  "mounting",
  "browser",
  "testing",
  "observability",
  "options",
  "several-nodes",
  "deploying",
  "changing-a-service",
  "from-rust",
  "performance",
  "glossary",
] as const;

/** Documents at the root that are pages too, by the name of the page. */
export const DOCUMENTS: Readonly<Record<string, string>> = {
  protocol: "PROTOCOL.md",
  security: "SECURITY.md",
  changelog: "CHANGELOG.md",
};

/** The first heading of a page. */
export function titleOf(text: string): string {
  const title = /^# (.+)$/m.exec(text)?.[1];
  if (title === undefined) throw new Error("A page begins with a heading");
  return title.replaceAll("`", "");
}

/** A page's name in a list of pages. */
export function shortTitleOf(name: string): string {
  const words = name.replaceAll("-", " ").replace("rust", "Rust");
  return words === "tls" ? "TLS" : words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** The first sentence of the first paragraph, on one line. */
export function firstSentenceOf(text: string): string {
  const paragraph = text.split(/\n{2,}/).find((each) => /^[A-Z`*]/.test(each)) ?? "";
  const line = paragraph.replace(/\s+/g, " ").replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").trim();
  return /^.+?[.:](?= |$)/.exec(line)?.[0].replace(/:$/, ".") ?? line;
}

/**
 * A page with the links of the site: to pages by their names, to files of the repository at `home`. Without a
 * `home` these are text.
 *
 * @param from The folder of the page: `docs/`, or "" for a document at the root.
 */
export function toSitePage(text: string, from: string, home?: string): string {
  const documents = new Map(Object.entries(DOCUMENTS).map(([name, file]) => [file, name]));
  const link = (shown: string, target: string): string => {
    const [path = "", anchor] = target.split("#");
    if (/^[a-z]+:/.test(target) || path.startsWith("images/")) return `[${shown}](${target})`;
    // The site's anchors do not begin with a digit.
    if (path === "") return `[${shown}](${target.replace(/^#(?=\d)/, "#_")})`;
    const file = new URL(path, `file:///${from}`).pathname.slice(1);
    const hash = anchor === undefined ? "" : `#${anchor}`;
    const page = /^docs\/([a-z-]+)\.md$/.exec(file)?.[1] ?? documents.get(file);
    if (page !== undefined) return `[${shown}](/${page}${hash.replace(/^#(?=\d)/, "#_")})`;
    return home === undefined ? shown : `[${shown}](${home}/blob/main/${file}${hash})`;
  };
  // Code is left as it is.
  return text.split(/(^```[\s\S]*?^```$)/m).map((part, i) =>
    i % 2 === 1 ? part.replace(/^```hex$/m, "```txt") : part.replace(
      /(?<!!)\[((?:[^[\]`]|`[^`]*`)+)\]\(([^()\s]+)\)/g,
      (_, shown: string, target: string) => link(shown, target),
    )
  ).join("");
}

/** `llms.txt`: one line per page. */
export function llmsText(pages: readonly { path: string; text: string }[]): string {
  const lines = pages.map(({ path, text }) =>
    `- [${titleOf(text)}](${path}): ${firstSentenceOf(text)}`
  );
  return `# hardlight

> Typed calls, events and connection state over one binary WebSocket, for Deno, Bun, Node and browsers;
> wire-compatible with the Rust crate hardlight 2.0.0.

${lines.join("\n")}
`;
}
