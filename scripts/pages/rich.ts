/**
 * The service of a large application: also maps, B-trees, recursion, 128 bits, and most other types.
 *
 * @module
 */
import {
  array,
  bool,
  box,
  btreeMap,
  bytes,
  char,
  duration,
  f32,
  f64,
  i64,
  lazy,
  map,
  option,
  result,
  rpc,
  type Schema,
  service,
  string,
  struct,
  topic,
  tuple,
  u128,
  u16,
  u32,
  u64,
  u8,
  variants,
  vec,
  withDefault,
} from "../../mod.ts";

interface Folder {
  name: string;
  folders: Folder[];
}
const Folder: Schema<Folder> = struct({ name: string, folders: vec(lazy(() => Folder)) });

const Cell = struct({ row: u16, text: string, weight: f32 });
const Sheet = struct({
  locked: bool,
  first: Cell,
  cells: vec(Cell),
  note: option(Cell),
  corner: tuple(u8, u64),
});
const Shape = variants({
  nothing: null,
  circle: { radius: f64, name: string },
  pair: [u32, string],
  label: string,
  framed: { around: option(Cell) },
});

/** An office of documents, drawings and folders. */
export const Rich = service({
  name: "Office",
  rpc: {
    open: rpc({ id: u128 }, Sheet),
    save: rpc({ id: u128, sheet: Sheet }, result(i64, string)),
    draw: rpc({ shapes: vec(Shape) }, vec(Shape)),
    move: rpc({ folder: Folder, after: duration }, Folder),
    index: rpc(
      { words: map(string, u32), pages: btreeMap(u32, string), initial: char },
      map(string, u32),
    ),
    upload: rpc({ data: bytes, sums: array(u16, 3), title: box(string) }, bytes),
  },
  state: {
    user: string,
    recent: vec(u32),
    window: struct({ width: u32, title: option(string) }),
    tries: withDefault(u32, 3),
    drawn: variants({ none: null, some: string }),
    topic,
  },
  event: Shape,
});
