import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import type { Fields } from "../../codec/struct.ts";
import {
  rpc,
  type Schema,
  service,
  stream,
  string,
  struct,
  u16,
  u32,
  u64,
  u8,
  vec,
} from "../../mod.ts";
import { Ancestry } from "../../service/ancestry.ts";
import { hashText } from "../../service/fingerprint.ts";
import { randomFrom } from "../fuzz/support.ts";

type AnyService = ConstructorParameters<typeof Ancestry>[0] & {
  readonly fingerprint: { readonly methods: string; readonly state: string };
};

/** FNV-1a by its definition: slow. */
function reference(text: string): string {
  let state = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(text)) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  return state.toString(16).padStart(16, "0");
}

const random = randomFrom(7);
const TYPES: readonly Schema<unknown>[] = [
  u8,
  u32,
  string,
  vec(u16),
  struct({ a: u8, länge: string }),
] as readonly Schema<unknown>[];

function pick(): Schema<unknown> {
  return TYPES[random(TYPES.length)]!;
}

/** Numbered methods, such that every prefix of them is a separate form. */
function methodsOf(count: number, widest: number) {
  return Array.from({ length: count }, (_, i) => {
    const args: Fields = i === widest ? { a: u64, b: u64, c: u64 } : { [`a${random(99)}`]: pick() };
    const outputs = [rpc(args), rpc(args, pick()), rpc(args, stream(pick()))];
    return [`method${i}`, outputs[random(outputs.length)]!] as const;
  });
}

function serviceOf(
  methods: ReturnType<typeof methodsOf>,
  fields: readonly (readonly [string, Schema<unknown>])[] = [],
): AnyService {
  return service({
    rpc: Object.fromEntries(methods),
    state: Object.fromEntries(fields),
  }) as unknown as AnyService;
}

test("hashText() is FNV-1a of 64 bits", () => {
  assertEquals(hashText(""), "cbf29ce484222325");
  assertEquals(hashText("foobar"), "85944171f73967e8");
  for (let i = 0; i < 200; i++) {
    const text = String.fromCodePoint(...Array.from({ length: random(60) }, () => random(0x3000)));
    assertEquals(hashText(text), reference(text));
  }
});

for (const [count, widest] of [[1, 0], [2, 0], [12, 5], [300, 100], [600, 3]] as const) {
  test(`Ancestry knows each older form of ${count} methods, and no other`, () => {
    const methods = methodsOf(count, widest);
    const now = serviceOf(methods);
    const ancestry = new Ancestry(now);
    assert(!ancestry.includes("methods", now.fingerprint.methods), "it is no older form of itself");
    for (let older = 1; older < count; older += count > 100 ? 7 : 1) {
      const then = serviceOf(methods.slice(0, older));
      const sameTag = count <= 255 || older > 255;
      // Once the widest is there, the enum has its size.
      const served = older > widest && sameTag;
      assertEquals(ancestry.includes("methods", then.fingerprint.methods), served, `${older}`);
    }
    for (let i = 0; i < 50; i++) assert(!ancestry.includes("methods", hashText(String(i))));
  });
}

test("Ancestry knows each older form of the state", () => {
  const methods = methodsOf(1, 0);
  const fields = Array.from({ length: 20 }, (_, i) => [`field${i}`, pick()] as const);
  const ancestry = new Ancestry(serviceOf(methods, fields));
  for (let older = 0; older <= 20; older++) {
    const then = serviceOf(methods, fields.slice(0, older));
    assertEquals(ancestry.includes("state", then.fingerprint.state), older < 20);
  }
});

test("what a stranger asks costs a linear number of bytes, once", () => {
  // Each byte that is fed is multiplied once.
  const imul = Math.imul;
  let fed = 0;
  Math.imul = (a, b) => {
    fed++;
    return imul(a, b);
  };
  try {
    const costs = [750, 1500, 3000].map((count) => {
      const ancestry = new Ancestry(serviceOf(methodsOf(count, 1)));
      fed = 0;
      assert(!ancestry.includes("methods", "0000000000000000"));
      const cost = fed;
      assert(cost > 1000 * count / 100, "bytes are counted");
      for (let i = 0; i < 100; i++) assert(!ancestry.includes("methods", hashText(`${i}`)));
      fed -= 100;
      assert(fed < cost + 1000, "it is worked out once");
      return cost;
    });
    // Twice as many methods cost twice as much, where they cost four times before.
    assert(costs[1]! < 2.6 * costs[0]!, costs.join());
    assert(costs[2]! < 2.4 * costs[1]!, costs.join());
  } finally {
    Math.imul = imul;
  }
});
