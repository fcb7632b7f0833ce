/**
 * The known options and limits with their types: plain JavaScript would silently accept an unknown name or a wrong
 * type.
 *
 * @module
 */

/** Longest delay of `setTimeout`, in milliseconds; a longer one would fire at once. */
export const MAX_DELAY_MS = 0x7fff_ffff;

/** An option's type, in addition to `undefined`; `true` if it is checked elsewhere. */
export type OptionKind = Kind | true;

type Kind =
  | "boolean"
  | "number"
  | "string"
  | "function"
  | "object"
  | "array"
  | "headers"
  | "signal";

/** The options of a call, in either direction. */
export const CALL_OPTION_KINDS: Readonly<Record<"timeoutMs" | "signal", OptionKind>> = {
  timeoutMs: "number",
  signal: "signal",
};

const KINDS: Readonly<Record<Kind, readonly [inWords: string, is: (value: unknown) => boolean]>> = {
  boolean: ["true or false", (value) => typeof value === "boolean"],
  number: ["a number", (value) => typeof value === "number"],
  string: ["a string", (value) => typeof value === "string"],
  function: ["a function", isFunction],
  object: ["an object", isObject],
  array: ["an array", (value) => Array.isArray(value)],
  headers: ["an object, or a function", (value) => isObject(value) || isFunction(value)],
  signal: ["an AbortSignal", (value) => isFunction(Object(value).addEventListener)],
};

/** Whether an option may have this value. */
export function isOfKind(value: unknown, kind: OptionKind): boolean {
  return value === undefined || kind === true || KINDS[kind][1](value);
}

/**
 * Throws `TypeError` if `options` has an unknown name or a value of the wrong type.
 *
 * @param where The function they are for: `"serve()"`.
 */
export function checkOptionKinds(
  where: string,
  options: object,
  kinds: Readonly<Record<string, OptionKind>>,
): void {
  if (!isObject(options)) {
    throw new TypeError(
      `Cannot use the options of ${where}: expected an object, got ${kindOf(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, name)) {
      throw new TypeError(
        `Cannot use option "${name}" of ${where}: there are ${Object.keys(kinds).join(", ")}`,
      );
    }
    const kind = kinds[name]!;
    if (kind !== true && !isOfKind(value, kind)) {
      throw new TypeError(
        `Cannot use option "${name}" of ${where}: expected ${KINDS[kind][0]}, got ${kindOf(value)}`,
      );
    }
  }
}

/**
 * Throws `TypeError` if a method without arguments was given a call's options in their place.
 *
 * @param args What it was given. Nothing else in it is looked at.
 */
export function checkNoArgs(
  { name, call, input }: {
    readonly name: string;
    readonly call: { readonly fields: readonly unknown[] };
    readonly input?: unknown;
  },
  args: unknown,
): void {
  if (call.fields.length > 0 || input !== undefined) return;
  for (const key in args as object) {
    if (Object.hasOwn(CALL_OPTION_KINDS, key)) {
      throw new TypeError(
        `Cannot call ${name}: it has no arguments; options come second: ${name}({}, { ${key} })`,
      );
    }
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value of the wrong type, in words. */
export function kindOf(value: unknown): string {
  if (value == null || typeof value === "boolean" || typeof value === "number") return `${value}`;
  const kind = Array.isArray(value) ? "array" : typeof value;
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

/**
 * The given limits, completed with the defaults.
 *
 * @throws {TypeError} If a name is unknown or a value is not a number.
 * @throws {RangeError} If a value is not a positive integer, or a time longer than timers can wait.
 */
export function fillInLimits<L extends object>(limits: object | undefined, defaults: L): L {
  const checked = { ...defaults } as Record<string, unknown>;
  for (const [name, value] of Object.entries(limits ?? {})) {
    if (!Object.hasOwn(defaults, name)) {
      throw new TypeError(
        `Cannot use limit "${name}": the limits are ${Object.keys(defaults).join(", ")}`,
      );
    }
    if (value === undefined) continue;
    if (typeof value !== "number") {
      throw new TypeError(`Cannot use limit "${name}": expected a number, got ${kindOf(value)}`);
    }
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(`Cannot use limit "${name}": expected a positive integer, got ${value}`);
    }
    if (name.endsWith("Ms") && value > MAX_DELAY_MS) {
      throw new RangeError(
        `Cannot use limit "${name}": expected at most ${MAX_DELAY_MS}, got ${value}`,
      );
    }
    checked[name] = value;
  }
  return checked as L;
}
