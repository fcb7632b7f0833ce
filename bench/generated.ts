/**
 * The gain of generated code: each kind of type written, read and checked by generated code and by
 * interpreting.
 *
 * All types are in use, and take turns. Run: `deno run -A bench/generated.ts [rounds]` or
 * `bun bench/generated.ts`.
 *
 * @module
 */
import process from "node:process";
import { type Codec, interpret, writeArchive } from "../codec/archive.ts";
import { generate } from "../codec/compiler.ts";
import * as t from "../codec/mod.ts";
import { Reader } from "../codec/reader.ts";
import type { AnySchema } from "../codec/schema.ts";
import { Writer } from "../codec/writer.ts";
import { Progress } from "./progress.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable } from "./table.ts";

/** Approximate duration of one turn. */
const TURN_MS = 1;
const CODECS: readonly Codec[] = [interpret, generate];

interface Case {
  readonly name: string;
  readonly schema: AnySchema;
  readonly value: unknown;
}

const made = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const text = "one of those that do not fit inline";
const cases: Case[] = [];
const add = <T>(name: string, schema: t.Schema<T>, value: NoInfer<T>): void => {
  cases.push({ name, schema: schema as AnySchema, value });
};
/** A type by itself in a struct of two fields, and 100 of them in a vector. */
const both = <T>(name: string, item: t.Schema<T>, make: (i: number) => NoInfer<T>): void => {
  add(`${name}, in a struct`, t.struct({ id: t.u32, it: item }), { id: 7, it: make(7) } as never);
  add(`100 × ${name}`, t.vec(item), made(100, make));
};

const Point = t.struct({ x: t.u32, y: t.u32 });
const Shape = t.variants({ Dot: null, Circle: { radius: t.f64 }, Line: [t.u32, t.u32] });
const SHAPES: t.Infer<typeof Shape>[] = [
  { type: "Dot" },
  { type: "Circle", radius: 2 },
  { type: "Line", value: [1, 2] },
];
const Many = t.variants(Object.fromEntries(made(30, (i) => [`arm${i}`, { n: t.u32 }])));
interface Tree {
  id: number;
  under: Tree[];
}
const Tree: t.Schema<Tree> = t.struct({ id: t.u32, under: t.vec(t.lazy(() => Tree)) });
const tree = (depth: number): Tree => ({
  id: depth,
  under: depth === 0 ? [] : made(3, () => tree(depth - 1)),
});

add("struct of 2 numbers", Point, { x: 1, y: 70_000 });
both("u32", t.u32, (i) => i * 1_000_003);
add("1,000 × u8", t.vec(t.u8), made(1000, (i) => i & 255));
add("1,000 × i16", t.vec(t.i16), made(1000, (i) => i * 31 - 15_000));
add("1,000 × u32", t.vec(t.u32), made(1000, (i) => i * 4_000_003));
add("1,000 × u32, small", t.vec(t.u32), made(1000, (i) => i));
add("1,000 × f64", t.vec(t.f64), made(1000, (i) => i / 3));
add("4 × u32", t.vec(t.u32), [1, 2, 3, 4]);
add("array of 4 u8", t.array(t.u8, 4), [1, 2, 3, 4]);
add("array of 32 u8", t.array(t.u8, 32), made(32, (i) => i));
add("array of 10 strings", t.array(t.string, 10), made(10, () => text));
both("u64", t.u64, (i) => BigInt(i) << 33n);
both("u128", t.u128, (i) => BigInt(i) << 65n);
both("bool", t.bool, (i) => i % 2 === 0);
both("string, inline", t.string, (i) => `n${i}`);
both("string, out of line", t.string, () => text);
both("char", t.char, (i) => String.fromCharCode(65 + i % 50));
both("boxStr", t.boxStr, () => text);
both("uuid", t.uuid, (i) => new Uint8Array(16).fill(i));
both("bytes", t.bytes, (i) => Uint8Array.of(i, 1, 2, 3, 4, 5, 6, 7));
both("struct", Point, (i) => ({ x: i, y: 2 * i }));
both(
  "struct with a string",
  t.struct({ id: t.u32, name: t.string }),
  (i) => ({ id: i, name: text }),
);
both(
  "tuple",
  t.tuple(t.u32, t.u8, t.string),
  (i): [number, number, string] => [i, i & 255, `n${i}`],
);
both("option", t.option(t.u32), (i) => i % 3 === 0 ? null : i);
both("option of a string", t.option(t.string), (i) => i % 3 === 0 ? null : text);
both("result", t.result(t.u32, t.string), (i) => i % 3 === 0 ? { err: "no" } : { ok: i });
both("variants", Shape, (i) => SHAPES[i % SHAPES.length]!);
both("of 30 variants", Many, (i) => ({ type: `arm${i % 30}`, n: i }));
both("box", t.box(Point), (i) => ({ x: i, y: 2 * i }));
both(
  "convert",
  t.convert(t.u32, { expected: "a number", decode: (n) => n + 1, encode: (n: number) => n - 1 }),
  (i) => i + 1,
);
both("vec of u32", t.vec(t.u32), () => [1, 2, 3]);
add("map, 20 entries", t.map(t.u32, t.string), new Map(made(20, (i) => [i, `n${i}`] as const)));
add("btreeMap, 20 entries", t.btreeMap(t.u32, t.u32), new Map(made(20, (i) => [i, i] as const)));
add("btreeMap, in a struct", t.struct({ id: t.u32, it: t.btreeMap(t.u32, t.u32) }), {
  id: 1,
  it: new Map(made(20, (i) => [i, i] as const)),
});
add("recursive, 40 nodes", Tree, tree(3));
add(
  "three levels",
  t.struct({
    at: Point,
    rows: t.vec(t.struct({ name: t.string, to: t.option(Point), tags: t.vec(t.string) })),
  }),
  {
    at: { x: 1, y: 2 },
    rows: made(
      20,
      (i) => ({ name: `n${i}`, to: i % 2 === 0 ? null : { x: i, y: i }, tags: ["a", text] }),
    ),
  },
);

const writer = new Writer(1 << 16);
const reader = new Reader();
const NOTHING = new Uint8Array(0);

/** One operation by both, and the nanoseconds of each, by round. */
interface Contest {
  readonly runs: readonly (() => unknown)[];
  readonly took: readonly number[][];
  calls: number;
}

function time(run: () => unknown, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return (performance.now() - start) * 1e6 / calls;
}

function contest(runs: readonly (() => unknown)[]): Contest {
  return { runs, took: runs.map(() => []), calls: 20 };
}

function contestsOf({ schema, value }: Case): Contest[] {
  writer.position = 0;
  writeArchive(interpret, schema, writer, value);
  const archive = writer.written().slice();
  const open = (): void => {
    // As with a new message: no view on the previous message is reused.
    reader.reset(NOTHING);
    reader.reset(archive);
    reader.open(0, archive.length);
  };
  return [
    contest(CODECS.map((codec) => () => {
      writer.position = 0;
      return writeArchive(codec, schema, writer, value);
    })),
    contest(CODECS.map((codec) => () => {
      open();
      return codec.read(reader, schema);
    })),
    contest(CODECS.map((codec) => () => {
      open();
      return codec.check ? codec.check(reader, schema) : codec.read(reader, schema);
    })),
  ];
}

function main(): void {
  const rounds = Number(process.argv[2] ?? 9);
  const only = new RegExp(process.argv[3] ?? "");
  const chosen = cases.filter(({ name }) => only.test(name));
  const contests = chosen.map(contestsOf);
  const all = contests.flat();
  const progress = new Progress(rounds + 1);
  progress.step("warming up");
  // Warm up all of them before the first is timed.
  for (let i = 0; i < 30; i++) for (const { runs } of all) for (const run of runs) time(run, 20);
  for (const own of all) {
    const slowest = Math.max(...own.runs.map((run) => time(run, 50)));
    own.calls = Math.max(20, Math.ceil(TURN_MS * 1e6 / slowest));
  }
  for (let round = 0; round < rounds; round++) {
    progress.step(`round ${round + 1} of ${rounds}`);
    for (const { runs, took, calls } of all) {
      for (let i = 0; i < runs.length; i++) {
        const turn = (i + round) % runs.length;
        took[turn]!.push(time(runs[turn]!, calls));
      }
    }
  }
  progress.end();
  const rows = chosen.map(({ name }, i) => [
    name,
    ...contests[i]!.flatMap(({ took: [interpreted, generated] }) => [
      digits(median(interpreted!)),
      digits(median(generated!)),
      times(median(interpreted!.map((ns, round) => ns / generated![round]!))),
    ]),
  ]);
  process.stdout.write(formatTable({
    title: "Generated code",
    columns: ["ns", "write", "gen.", "×", "read", "gen.", "×", "check", "gen.", "×"],
    rows,
    notes: ["`×`: interpreting ÷ generated code, the median over rounds."],
  }));
}

main();
