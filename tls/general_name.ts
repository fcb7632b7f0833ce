/**
 * A certificate's subject alternative names: DNS names and IP addresses.
 *
 * @module
 */
import { tlv } from "./der.ts";

/** `[2] dNSName` and `[7] iPAddress` of GeneralName, RFC 5280, 4.2.1.6. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const DNS_LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const DECIMAL_BYTE = /^(0|[1-9]\d{0,2})$/;
const HEX_GROUP = /^[0-9a-f]{1,4}$/i;

/** Bytes of `a.b.c.d`, each 0 to 255 without leading zeros. */
function parseIpv4(text: string): number[] | undefined {
  const parts = text.split(".");
  const valid = parts.length === 4 &&
    parts.every((part) => DECIMAL_BYTE.test(part) && Number(part) < 256);
  return valid ? parts.map(Number) : undefined;
}

/** Bytes of the colon-separated groups of one side of `::`. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (HEX_GROUP.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
      continue;
    }
    const ipv4 = mayEndInIpv4 && i === groups.length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 === undefined) return undefined;
    bytes.push(...ipv4);
  }
  return bytes;
}

function parseIpv6(text: string): number[] | undefined {
  const [left = "", right, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const head = parseGroups(left, right === undefined);
  const tail = parseGroups(right ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function isDnsName(text: string): boolean {
  const labels = (text.startsWith("*.") ? text.slice(2) : text).split(".");
  // A host that ends in a number is an IPv4 address or a mistyped one, never a name (WHATWG URL).
  return text.length <= 253 && labels.every((label) => DNS_LABEL.test(label)) &&
    !/^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? "") &&
    !(text.startsWith("*.") && labels.length < 2);
}

/**
 * A host as GeneralName: an IPv4 or IPv6 address (brackets allowed, no zone), or an ASCII DNS name
 * whose first label may be `*`.
 *
 * @throws {TypeError} If `host` is none of these.
 */
export function generalName(host: string): Uint8Array<ArrayBuffer> {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const address = (bare === host ? parseIpv4(host) : undefined) ??
    (bare.includes(":") ? parseIpv6(bare) : undefined);
  if (address !== undefined) return tlv(IP_ADDRESS, new Uint8Array(address));
  if (!isDnsName(host)) {
    throw new TypeError(
      `Cannot make a certificate for ${JSON.stringify(host)}: not a DNS name or an IP address`,
    );
  }
  return tlv(DNS_NAME, new TextEncoder().encode(host));
}
