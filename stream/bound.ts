/**
 * {@linkcode bindSource}: pulls a source in the context of its call.
 *
 * @module
 */

/** Runs a function in a context. */
export type RunIn = <T>(run: () => T) => T;

interface Pulled {
  next(): unknown;
  return?(reason?: unknown): unknown;
}

type Open = () => Pulled;

/**
 * Bind a source to a context: all its functions run by `runIn`, and so does the body of a generator. Other values are
 * returned unchanged.
 */
export function bindSource(source: unknown, runIn: RunIn): unknown {
  const given = typeof source === "object" && source !== null ? source : {};
  if ("getReader" in given) {
    const { getReader } = given as ReadableStream<unknown>;
    return {
      getReader() {
        const reader = getReader.call(given) as ReadableStreamDefaultReader<unknown>;
        return {
          read: () => runIn(() => reader.read()),
          cancel: (reason: unknown) => runIn(() => reader.cancel(reason)),
        };
      },
    };
  }
  const { [Symbol.asyncIterator]: inTime, [Symbol.iterator]: atOnce } = given as {
    readonly [Symbol.asyncIterator]?: Open;
    readonly [Symbol.iterator]?: Open;
  };
  const open = inTime ?? atOnce;
  if (typeof open !== "function") return source;
  const bound = (): Pulled => {
    const iterator = runIn(() => open.call(given));
    return {
      next: () => runIn(() => iterator.next()),
      return: (reason) => runIn(() => iterator.return?.(reason)),
    };
  };
  return inTime ? { [Symbol.asyncIterator]: bound } : { [Symbol.iterator]: bound };
}
