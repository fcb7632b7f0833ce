/**
 * {@linkcode isSeldom}: which of many alike are told of.
 *
 * @module
 */

/**
 * Whether to tell of the `count`th of a kind that a peer can cause at will: of the 1st, 2nd, 4th, 8th …,
 * so that of ever more ever fewer are told.
 */
export function isSeldom(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}
