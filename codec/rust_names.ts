/**
 * Rust's naming conventions.
 *
 * @module
 */

/** Words as a set; in a function, so that bundlers see that it has no side effects. */
function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

const KEYWORDS = /* @__PURE__ */ setOf(
  "as break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut " +
    "pub ref return self Self static struct super trait true type unsafe use where while async await abstract " +
    "become box do final macro override priv try typeof unsized virtual yield",
);
/** Keywords that `r#` doesn't allow. */
const NEVER_RAW = /* @__PURE__ */ setOf("self Self super crate");
/** Names used by the generated source. */
const RESERVED = /* @__PURE__ */ setOf(
  "Archive Serialize Deserialize String Vec Box Option Result Some None Ok Err Duration CString Uuid HashMap HashSet " +
    "BTreeMap BTreeSet Range RangeInclusive RangeFrom RangeTo RangeToInclusive IpAddr Ipv4Addr Ipv6Addr " +
    "SocketAddr SocketAddrV4 SocketAddrV6 Self NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroU128 " +
    "NonZeroUsize NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroI128 NonZeroIsize",
);

/** Words of a name in camelCase, snake_case, kebab-case or with spaces. */
function words(name: string): string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== "");
}

function startWithLetter(name: string, prefix: string): string {
  return /^\p{L}/u.test(name) ? name : `${prefix}${name}`;
}

function unique(name: string, taken: Set<string>, separator: string): string {
  let own = name;
  for (let i = 2; taken.has(own); i++) own = `${name}${separator}${i}`;
  taken.add(own);
  return own;
}

/** `dueDay` as `DueDay`. */
export function pascalCase(name: string): string {
  const text = words(name).map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
  return startWithLetter(text, "Type");
}

/** An unused type or variant name. */
export function typeName(name: string, taken: Set<string>): string {
  const text = pascalCase(name);
  return unique(RESERVED.has(text) ? `${text}Type` : text, taken, "");
}

/** `dueDay` as `due_day`, unused by other fields. */
export function fieldName(name: string, taken: Set<string>): string {
  const text = startWithLetter(words(name).join("_").toLowerCase(), "field_");
  const own = unique(NEVER_RAW.has(text) ? `${text}_` : text, taken, "_");
  return KEYWORDS.has(own) ? `r#${own}` : own;
}
