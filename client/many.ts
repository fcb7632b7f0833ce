/**
 * {@linkcode tellOfMany}: finds what a program has forgotten to end.
 *
 * @module
 */

/** Iterators of one client, or watchers of its state, above which some are taken for forgotten. */
export const MANY_ITERATORS = 1000;

/** Is told how many there are of what. */
export type Count = (what: string, count: number) => void;

/** Tells once of each kind of which there are {@linkcode MANY_ITERATORS}. */
export function tellOfMany(report: (error: Error) => void): Count {
  const told = new Set<string>();
  return (what, count) => {
    if (count !== MANY_ITERATORS || told.has(what)) return;
    told.add(what);
    report(
      new Error(
        `${MANY_ITERATORS} ${what} are waited for: end what is forgotten by return() or a signal`,
      ),
    );
  };
}
