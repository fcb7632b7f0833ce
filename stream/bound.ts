/**
 * {@linkcode bindSource}: a source that is pulled in the context of its call, whoever pulls it.
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
 * The same source, of which everything runs by `runIn`: the body of a generator begins and goes on where its pull is.
 * What is no source is returned as it is.
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
