/**
 * {@linkcode describeValue}: what came, in words.
 *
 * @module
 */

const MAX_SHOWN = 40;

/** What a value is, for messages: `5`, `"text"`, `a Map`, `a Map of another realm`. */
export function describeValue(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    if (typeof name !== "string" || name === "Object" || name === "") return "an object";
    const ours: unknown = Reflect.get(globalThis, name);
    const foreign = typeof ours === "function" && !(value instanceof ours);
    return `a ${name}${foreign ? " of another realm: copy it into one of this one" : ""}`;
  }
  const isString = typeof value === "string";
  const text = Object.is(value, -0) ? "-0" : String(value);
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return isString ? JSON.stringify(cut) : typeof value === "bigint" ? `${cut}n` : cut;
}
