/**
 * Other JavaScript codecs on the benchmark's values. Each allocates its own output, as in its usual use.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import type {
  Avro,
  AvroType,
  Bufbuild,
  ByteBuffer,
  CborX,
  Flatbuffers,
  Msgpackr,
  Protobufjs,
  Typical,
  WellKnownTypes,
} from "./codec_types.ts";

/** The values. */
export interface Values {
  readonly call: { readonly amount: number };
  readonly typical: Typical;
  readonly numbers: readonly number[];
  readonly many: readonly unknown[];
}

type Key = keyof Values;
type Each<T> = Partial<Record<Key, T>>;

/** A codec on each value it can carry. */
export interface PeerCodec {
  readonly name: string;
  readonly encode: Each<() => unknown>;
  readonly decode: Each<() => unknown>;
  readonly encoded: Each<Uint8Array>;
}

const KEYS: readonly Key[] = ["call", "typical", "numbers", "many"];

/** Deno loads packages by name and version, Bun and Node from `node_modules` in this folder. */
async function load<Used>(name: string, version: string): Promise<Used> {
  return await import("Deno" in globalThis ? `npm:${name}@${version}` : name);
}

type Maker = readonly [name: string, make: () => PeerCodec];

function peer(
  name: string,
  values: Values,
  encode: (key: Key, value: unknown) => Uint8Array,
  decode: (key: Key, bytes: Uint8Array) => unknown,
): Maker {
  return [name, () => make(name, values, encode, decode)];
}

function make(
  name: string,
  values: Values,
  encode: (key: Key, value: unknown) => Uint8Array,
  decode: (key: Key, bytes: Uint8Array) => unknown,
): PeerCodec {
  const encoded: Each<Uint8Array> = {};
  const result = {
    name,
    encode: {} as Each<() => unknown>,
    decode: {} as Each<() => unknown>,
    encoded,
  };
  for (const key of KEYS) {
    const value = values[key];
    // A copy as a Buffer, which avsc requires.
    const made = encode(key, value);
    const bytes: Uint8Array = Buffer.isBuffer(made) ? Buffer.from(made) : new Uint8Array(made);
    encoded[key] = bytes;
    result.encode[key] = () => encode(key, value);
    result.decode[key] = () => decode(key, bytes);
  }
  return result;
}

const PROTO = `
syntax = "proto3";
message Call { oneof call { Empty newCounter = 1; Amount increment = 2; Amount decrement = 3; Empty get = 4; } }
message Empty {}
message Amount { uint32 amount = 1; }
message Item { uint32 x = 1; uint32 y = 2; }
message Typical { uint32 id = 1; string name = 2; repeated string tags = 3; double score = 4; bool active = 5; repeated Item items = 6; }
message Numbers { repeated uint32 numbers = 1; }
message Many { repeated Typical many = 1; }
`;
const PROTO_TYPES: Record<Key, string> = {
  call: "Call",
  typical: "Typical",
  numbers: "Numbers",
  many: "Many",
};

function toProto(key: Key, values: Values): object {
  if (key === "call") return { increment: { amount: values.call.amount } };
  if (key === "numbers") return { numbers: values.numbers };
  return key === "many" ? { many: values.many } : values.typical;
}

/** All that can be loaded here. */
export async function loadPeers(
  values: Values,
  isWanted: (name: string) => boolean,
): Promise<PeerCodec[]> {
  // Their native add-ons are for Node alone, and end the process elsewhere.
  if ("Deno" in globalThis || "Bun" in globalThis) {
    process.env["CBOR_NATIVE_ACCELERATION_DISABLED"] = "true";
    process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] = "true";
  }
  const { Packr, Unpackr } = await load<Msgpackr>("msgpackr", "2.1.3");
  const { Encoder } = await load<CborX>("cbor-x", "1.6.9");
  const avro = (await load<Avro>("avsc", "5.7.9")).default;
  const protobufjs = (await load<Protobufjs>("protobufjs", "8.8.1")).default;
  const bufbuild = await load<Bufbuild>("@bufbuild/protobuf", "2.17.0");
  const wkt = await load<WellKnownTypes>("@bufbuild/protobuf/wkt", "2.17.0").catch(() =>
    import("npm:@bufbuild/protobuf@2.17.0/wkt" as string) as Promise<WellKnownTypes>
  );

  const packr = new Packr({ useRecords: false });
  const unpackr = new Unpackr({ useRecords: false });
  const records = new Packr({ structures: [] });
  const cbor = new Encoder({ useRecords: false });
  const text = new TextEncoder();
  const fromText = new TextDecoder();

  const item = {
    type: "record",
    name: "Item",
    fields: [{ name: "x", type: "long" }, { name: "y", type: "long" }],
  };
  const typical = {
    type: "record",
    name: "Typical",
    fields: [
      { name: "id", type: "long" },
      { name: "name", type: "string" },
      { name: "tags", type: { type: "array", items: "string" } },
      { name: "score", type: "double" },
      { name: "active", type: "boolean" },
      { name: "items", type: { type: "array", items: item } },
    ],
  };
  const avroTypes: Record<Key, AvroType> = {
    call: avro.Type.forSchema({
      type: "record",
      name: "Call",
      fields: [
        {
          name: "type",
          type: {
            type: "enum",
            name: "Kind",
            symbols: ["newCounter", "increment", "decrement", "get"],
          },
        },
        { name: "amount", type: "long" },
      ],
    }),
    typical: avro.Type.forSchema(typical),
    numbers: avro.Type.forSchema({ type: "array", items: "long" }),
    many: avro.Type.forSchema({ type: "array", items: typical }),
  };

  const root = protobufjs.parse(PROTO, { keepCase: true }).root;
  const protoTypes = Object.fromEntries(
    KEYS.map((key) => [key, root.lookupType(PROTO_TYPES[key])]),
  );
  const protoValues = Object.fromEntries(
    KEYS.map((
      key,
    ) => [
      key,
      root.lookupType(PROTO_TYPES[key]).create(toProto(key, values)),
    ]),
  );

  const registry = bufbuild.createFileRegistry(
    bufbuild.create(wkt.FileDescriptorSetSchema, {
      file: [descriptor(wkt, bufbuild)],
    }),
  );
  const bufTypes = Object.fromEntries(
    KEYS.map((key) => [key, registry.getMessage(PROTO_TYPES[key])]),
  );
  const bufValues = {} as Record<Key, object>;
  for (const key of KEYS) {
    const plain = key === "call"
      ? {
        call: {
          case: "increment",
          value: bufbuild.create(registry.getMessage("Amount"), { amount: 7 }),
        },
      }
      : toProto(key, values);
    bufValues[key] = bufbuild.create(bufTypes[key], plain);
  }

  const flatbuffers = await flatbuffersPeer(values);
  const makers: Maker[] = [
    peer(
      "msgpackr",
      values,
      (_key, value) => packr.pack(value),
      (_key, bytes) => unpackr.unpack(bytes),
    ),
    peer(
      "msgpackr records",
      values,
      (_key, value) => records.pack(value),
      (_key, bytes) => records.unpack(bytes),
    ),
    peer(
      "cbor-x",
      values,
      (_key, value) => cbor.encode(value),
      (_key, bytes) => cbor.decode(bytes),
    ),
    peer(
      "avsc",
      values,
      (key, value) => avroTypes[key].toBuffer(value),
      (key, bytes) => avroTypes[key].fromBuffer(bytes),
    ),
    peer(
      "protobufjs",
      values,
      (key) => protoTypes[key]!.encode(protoValues[key]!).finish(),
      (key, bytes) => protoTypes[key]!.decode(bytes),
    ),
    peer(
      "@bufbuild/protobuf",
      values,
      (key) => bufbuild.toBinary(bufTypes[key], bufValues[key]),
      (key, bytes) => bufbuild.fromBinary(bufTypes[key], bytes),
    ),
    [flatbuffers.name, () => flatbuffers],
    peer(
      "JSON",
      values,
      (_key, value) => text.encode(JSON.stringify(value)),
      (_key, bytes) => JSON.parse(fromText.decode(bytes)),
    ),
  ];
  return makers.filter(([name]) => isWanted(name)).map(([, make]) => make());
}

function descriptor(wkt: WellKnownTypes, bufbuild: Bufbuild): object {
  const TYPES: Record<string, number> = {
    double: 1,
    uint32: 13,
    string: 9,
    bool: 8,
    message: 11,
  };
  const field = (
    name: string,
    number: number,
    type: string,
    repeated = false,
    typeName?: string,
    oneofIndex?: number,
  ) => ({
    name,
    number,
    label: repeated ? 3 : 1,
    type: TYPES[type],
    jsonName: name,
    ...(typeName ? { typeName: `.${typeName}` } : {}),
    ...(oneofIndex === undefined ? {} : { oneofIndex }),
  });
  return bufbuild.create(wkt.FileDescriptorProtoSchema, {
    name: "bench.proto",
    syntax: "proto3",
    messageType: [
      { name: "Empty" },
      { name: "Amount", field: [field("amount", 1, "uint32")] },
      {
        name: "Call",
        oneofDecl: [{ name: "call" }],
        field: [
          field("newCounter", 1, "message", false, "Empty", 0),
          field("increment", 2, "message", false, "Amount", 0),
          field("decrement", 3, "message", false, "Amount", 0),
          field("get", 4, "message", false, "Empty", 0),
        ],
      },
      {
        name: "Item",
        field: [field("x", 1, "uint32"), field("y", 2, "uint32")],
      },
      {
        name: "Typical",
        field: [
          field("id", 1, "uint32"),
          field("name", 2, "string"),
          field("tags", 3, "string", true),
          field("score", 4, "double"),
          field("active", 5, "bool"),
          field("items", 6, "message", true, "Item"),
        ],
      },
      { name: "Numbers", field: [field("numbers", 1, "uint32", true)] },
      { name: "Many", field: [field("many", 1, "message", true, "Typical")] },
    ],
  });
}

/** The code that `flatc` would generate for the typical object, decoded into a whole object like the others. */
async function flatbuffersPeer(values: Values): Promise<PeerCodec> {
  const { Builder, ByteBuffer } = await load<Flatbuffers>("flatbuffers", "25.9.23");
  const builder = new Builder(1 << 16);
  const write = (value: Typical): number => {
    const name = builder.createString(value.name);
    const tagOffsets = value.tags.map((tag) => builder.createString(tag));
    builder.startVector(4, tagOffsets.length, 4);
    for (let i = tagOffsets.length - 1; i >= 0; i--) {
      builder.addOffset(tagOffsets[i]!);
    }
    const tags = builder.endVector();
    builder.startVector(8, value.items.length, 4);
    for (let i = value.items.length - 1; i >= 0; i--) {
      builder.prep(4, 8);
      builder.writeInt32(value.items[i]!.y);
      builder.writeInt32(value.items[i]!.x);
    }
    const items = builder.endVector();
    builder.startObject(6);
    builder.addFieldInt32(0, value.id, 0);
    builder.addFieldOffset(1, name, 0);
    builder.addFieldOffset(2, tags, 0);
    builder.addFieldFloat64(3, value.score, 0);
    builder.addFieldInt8(4, value.active ? 1 : 0, 0);
    builder.addFieldOffset(5, items, 0);
    return builder.endObject();
  };
  const read = (bb: ByteBuffer, at: number): unknown => {
    const field = (slot: number): number => bb.__offset(at, 4 + 2 * slot);
    const string = (where: number): string => bb.__string(where);
    const tagsAt = field(2), itemsAt = field(5);
    const tags: string[] = [];
    for (let i = 0; i < bb.__vector_len(at + tagsAt); i++) {
      tags.push(string(bb.__vector(at + tagsAt) + i * 4));
    }
    const items: unknown[] = [];
    for (
      let i = 0, p = bb.__vector(at + itemsAt);
      i < bb.__vector_len(at + itemsAt);
      i++, p += 8
    ) {
      items.push({ x: bb.readUint32(p), y: bb.readUint32(p + 4) });
    }
    return {
      id: bb.readUint32(at + field(0)),
      name: string(at + field(1)),
      tags,
      score: bb.readFloat64(at + field(3)),
      active: bb.readInt8(at + field(4)) === 1,
      items,
    };
  };
  const encode = (): Uint8Array => {
    builder.clear();
    builder.finish(write(values.typical));
    return builder.asUint8Array();
  };
  const bytes = new Uint8Array(encode());
  const decode = () => {
    const bb = new ByteBuffer(bytes);
    return read(bb, bb.readInt32(bb.position()) + bb.position());
  };
  return {
    name: "flatbuffers",
    encode: { typical: encode },
    decode: { typical: decode },
    encoded: { typical: bytes },
  };
}
