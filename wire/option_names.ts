/**
 * Options that there are: a name that is none is a mistake, which plain JavaScript would pass over.
 *
 * @module
 */

/**
 * Throws `TypeError` if `options` has a name that is none of `names`.
 *
 * @param where Whose options they are: `"serve()"`.
 */
export function checkOptionNames(
  where: string,
  options: object,
  names: Readonly<Record<string, true>>,
): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot use the options of ${where}: expected an object`);
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) {
      throw new TypeError(
        `Cannot use option "${name}" of ${where}: there are ${Object.keys(names).join(", ")}`,
      );
    }
  }
}
