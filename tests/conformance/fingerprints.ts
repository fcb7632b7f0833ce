/**
 * Rewrites `conformance/fingerprints.jsonl`: each type of the golden vectors, and some services.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import type { FingerprintLine, ServiceSpec } from "../../conformance/cases.ts";
import { readLines, type TypeSpec } from "../support/vectors.ts";
import { described } from "./tasks.ts";

const bytes = { k: "vec", t: "u8" };
const topic = { k: "struct", name: "Topic", fields: [["inner", bytes], ["is_string", "bool"]] };
const list = (next: TypeSpec): TypeSpec => ({
  k: "struct",
  name: "List",
  fields: [["next", { k: "option", t: { k: "box", t: next } }]],
});
const own = { k: "ref", name: "List" };
const lazyList = { k: "lazy", name: "List", t: list(own) };
const tree = {
  k: "lazy",
  name: "Tree",
  t: {
    k: "struct",
    name: "Node",
    fields: [["leaves", { k: "vec", t: lazyList }], ["down", {
      k: "vec",
      t: { k: "ref", name: "Tree" },
    }]],
  },
};

const TYPES: Readonly<Record<string, TypeSpec>> = {
  "names that are quoted": {
    k: "struct",
    name: "Odd",
    fields: [["a-b", "u8"], ["$c", "u8"], ["1d", "u8"], ["é", "u8"], ['"', "u8"]],
  },
  "a list, lazy outside": lazyList,
  "a list, lazy inside": list(own),
  "one lazy type in another": tree,
  "two lazy types, one after the other": { k: "tuple", ts: [lazyList, tree] },
  "uuid": "uuid",
};

const SERVICES: Readonly<Record<string, ServiceSpec>> = {
  "the counter": {
    methods: [
      ["newCounter", [], "unit"],
      ["increment", [["amount", "u32"]], "unit"],
      ["decrement", [["amount", "u32"]], "unit"],
      ["get", [], "u32"],
    ],
    state: [["counter", "u32"], ["topic", topic]],
    event: {
      k: "enum",
      name: "Event",
      variants: [
        ["incremented", "s", [["to", "u32"], ["from", "u32"]]],
        ["decremented", "s", [["to", "u32"], ["from", "u32"]]],
        ["serverSentTest"],
      ],
    },
  },
  "one method and nothing else": { methods: [["ping", [], "unit"]], state: [] },
  "streams and a method of the client": {
    methods: [
      ["upload", [["name", "string"], ["parts", { k: "stream", t: bytes }]], "u64"],
      ["follow", [["from", "u64"]], { k: "stream", t: "string" }],
    ],
    state: [["open-files", "u32"]],
    event: "u32",
    client: [["confirm", [["text", "string"]], "bool"]],
  },
};

/** All lines. */
export function fingerprintLines(): FingerprintLine[] {
  const lines = new Map<string, FingerprintLine>();
  const add = (line: FingerprintLine, key: unknown): void => {
    if (!lines.has(JSON.stringify(key))) lines.set(JSON.stringify(key), line);
  };
  const typed = (name: string, schema: TypeSpec): void => {
    const line = { name, schema, text: "" };
    add({ ...line, text: described(line) }, schema);
  };
  for (const { name, schema } of readLines("values.jsonl")) {
    typed(name.replace(/\/\d+$/, ""), schema);
  }
  for (const [name, schema] of Object.entries(TYPES)) typed(name, schema);
  for (const [name, service] of Object.entries(SERVICES)) {
    const line = { name, service, fingerprint: "" };
    add({ ...line, fingerprint: described(line) }, service);
  }
  return [...lines.values()];
}

if (import.meta.main) {
  const text = fingerprintLines().map((line) => `${JSON.stringify(line)}\n`).join("");
  writeFileSync(new URL("../../conformance/fingerprints.jsonl", import.meta.url), text);
}
