/**
 * Reads source text without parsing it: what it names, what it imports.
 *
 * @module
 */

/** What a slash begins a regular expression behind. */
const BEFORE_EXPRESSION = /(?:^|[(,=:[!&|?{};+\-*%<>~]|\breturn|\bcase|\btypeof|\bin)\s*$/;

/** A string, a comment, or a regular expression where one may be, at the index. */
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const EXPRESSION = /\/(?![/*])(?:[^\\/\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/**
 * Source text without its comments, regular expressions and the text of its strings, unless that is wanted; what
 * templates insert stays.
 */
export function codeIn(source: string, withStrings: boolean = false): string {
  let code = "";
  let at = 0;
  let skipped = "";
  const skip = (what: RegExp): boolean => {
    what.lastIndex = at;
    const found = what.exec(source);
    if (found === null) return false;
    at = what.lastIndex;
    skipped = found[0];
    return true;
  };
  /** Up to the brace that ends an insertion, or the end. */
  const read = (isInserted: boolean): void => {
    for (let depth = 0; at < source.length;) {
      const next = source[at]!;
      if (skip(STRING)) code += withStrings ? skipped : '""';
      else if (skip(COMMENT)) continue;
      else if (next === "/" && BEFORE_EXPRESSION.test(code.slice(-40)) && skip(EXPRESSION)) {
        code += '""';
      } else if (next === "`") readTemplate();
      else {
        if (next === "{") depth++;
        if (next === "}" && depth-- === 0 && isInserted) return;
        code += next;
        at++;
      }
    }
  };
  const readTemplate = (): void => {
    at++;
    code += "(";
    while (skip(TEXT) && source[at] === "$") {
      at += 2;
      code += '"",';
      read(true);
      at++;
    }
    at++;
    code += ")";
  };
  read(false);
  return code;
}

/** An import or export from another module. */
export interface Import {
  /** The module. */
  readonly from: string;
  /** Whether only types are imported. */
  readonly isType: boolean;
  /** Whether it is imported when it is first needed. */
  readonly isLazy: boolean;
}

const IMPORT = /^(?:import|export)\b([^;"]*?)\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"/gm;
const LAZY_IMPORT = /\bimport\s*\(\s*"([^"]+)"/g;

/** The imports of source text, those in comments left out. */
export function importsIn(source: string): Import[] {
  const text = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = [...text.matchAll(IMPORT)].map(([, names = "", from, alone]): Import => {
    const named = names.match(/\{([^}]*)\}/)?.[1]?.split(",").filter((name) => name.trim() !== "");
    const isType = /^\s*type\b/.test(names) ||
      (/^\s*\{/.test(names) && named!.every((name) => /^\s*type\s/.test(name)));
    return { from: (from ?? alone)!, isType, isLazy: false };
  });
  const lazy = [...text.matchAll(LAZY_IMPORT)];
  return [...found, ...lazy.map(([, from]) => ({ from: from!, isType: false, isLazy: true }))];
}

/** Of ECMAScript and of TypeScript's own types: names that begin with a capital. */
const LANGUAGE = new Set(
  ("Object Array Number Infinity NaN Boolean String Symbol Date Promise RegExp Error AggregateError EvalError " +
    "RangeError ReferenceError SyntaxError TypeError URIError JSON Math Intl ArrayBuffer Atomics Uint8Array " +
    "Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array Uint8ClampedArray " +
    "Float32Array Float64Array DataView Map BigInt Set Iterator WeakMap WeakSet Proxy Reflect WeakRef " +
    "FinalizationRegistry Record Partial Readonly Pick Omit Exclude Extract Required NonNullable Parameters " +
    "ReturnType Awaited PromiseLike ArrayLike ArrayBufferLike ArrayBufferView Iterable AsyncIterable " +
    "IterableIterator AsyncIterator AsyncIterableIterator IteratorResult IteratorObject Generator ReadonlyMap " +
    "ReadonlySet ReadonlyArray Disposable AsyncDisposable AsyncGenerator NoInfer PropertyKey PropertyDescriptor " +
    "PromiseSettledResult ErrorOptions InstanceType ThisType").split(" "),
);

/** The names beginning with a capital that code uses and does not declare: globals of a platform. */
export function undeclaredIn(code: string): string[] {
  const declared = new Set<string>();
  const declare = (pattern: RegExp) => {
    for (const [, names] of code.matchAll(pattern)) {
      for (const [name] of names!.matchAll(/[A-Za-z_$][\w$]*/g)) declared.add(name);
    }
  };
  declare(/^(?:import|export)\b([^;]*?)\bfrom\b/gm);
  declare(/\b(?:class|interface|type|const|let|function|infer) ([A-Z]\w*)/g);
  for (const [, parts] of code.matchAll(/\{([^{}]*)\}(?: =|\) =>)/g)) {
    for (const [, name] of parts!.matchAll(/(?:^|,)\s*(\w+)\s*(?=,|$)/g)) declared.add(name!);
  }
  declare(
    /(?:[<,]\s*(?:const |in |out )*|\[\s*)([A-Z]\w*)\s*(?:(?=[,>=])|(?=extends\b)|(?=in\b))/g,
  );
  declare(/[(,]\s*([A-Z]\w*)\s*(?=:)/g);
  const used = code.matchAll(/(?<![.\w$#])[A-Z][\w$]*\b(?!\??\s*:)/g);
  return [...new Set([...used].map(([name]) => name))]
    .filter((name) => !declared.has(name) && !LANGUAGE.has(name)).sort();
}
