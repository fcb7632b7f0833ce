import { readFileSync } from "node:fs";

/** Written by `scripts/docs.ts`: what is in `pages/`, in its order. */
const { guide, reference } = JSON.parse(
  readFileSync(new URL("../pages/pages.json", import.meta.url), "utf8"),
);

const entry = ({ name, title }) => ({ text: title, link: `/${name}` });

export default {
  title: "hardlight",
  description: "Typed calls, events and connection state over one binary WebSocket",
  lang: "en",
  base: process.env.DOCS_BASE ?? "/",
  srcDir: "pages",
  ignoreDeadLinks: "localhostLinks",
  srcExclude: ["public/**"],
  outDir: "../dist/site",
  cacheDir: "node_modules/.cache",
  lastUpdated: false,
  vite: { build: { target: "es2022", chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    nav: [
      { text: "Guide", link: "/getting-started" },
      { text: "Playground", link: "/playground" },
      { text: "Protocol", link: "/protocol" },
      { text: "API", link: "/api/index.html", target: "_self" },
    ],
    sidebar: [
      { text: "Guide", items: guide.map(entry) },
      { text: "Reference", items: reference.map(entry) },
    ],
    outline: [2, 3],
    search: { provider: "local" },
  },
};
