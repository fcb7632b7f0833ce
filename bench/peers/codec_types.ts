/**
 * The parts of other codecs that are used: their packages are loaded by name.
 *
 * @module
 */

/** A value of several kinds. */
export interface Typical {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly score: number;
  readonly active: boolean;
  readonly items: readonly { readonly x: number; readonly y: number }[];
}

/** `msgpackr`. */
export interface Msgpackr {
  readonly Packr: Packing;
  readonly Unpackr: Packing;
}

type Packing = new (options: object) => {
  pack(value: unknown): Uint8Array;
  unpack(bytes: Uint8Array): unknown;
};

/** `cbor-x`. */
export interface CborX {
  readonly Encoder: new (options: object) => {
    encode(value: unknown): Uint8Array;
    decode(bytes: Uint8Array): unknown;
  };
}

/** A type of `avsc`. */
export interface AvroType {
  toBuffer(value: unknown): Uint8Array;
  fromBuffer(bytes: Uint8Array): unknown;
}

/** `avsc`. */
export interface Avro {
  readonly default: { readonly Type: { forSchema(schema: object): AvroType } };
}

interface ProtoType {
  create(value: object): object;
  encode(value: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

/** `protobufjs`. */
export interface Protobufjs {
  readonly default: {
    parse(text: string, options: object): {
      readonly root: { lookupType(name: string): ProtoType };
    };
  };
}

/** `@bufbuild/protobuf`. */
export interface Bufbuild {
  create(schema: unknown, value: object): object;
  createFileRegistry(files: object): { getMessage(name: string): unknown };
  toBinary(schema: unknown, value: object): Uint8Array;
  fromBinary(schema: unknown, bytes: Uint8Array): unknown;
}

/** `@bufbuild/protobuf/wkt`. */
export interface WellKnownTypes {
  readonly FileDescriptorSetSchema: unknown;
  readonly FileDescriptorProtoSchema: unknown;
}

interface Builder {
  createString(text: string): number;
  startVector(elementBytes: number, count: number, align: number): void;
  endVector(): number;
  addOffset(offset: number): void;
  prep(size: number, more: number): void;
  writeInt32(value: number): void;
  startObject(fields: number): void;
  endObject(): number;
  addFieldInt8(slot: number, value: number, absent: number): void;
  addFieldInt32(slot: number, value: number, absent: number): void;
  addFieldFloat64(slot: number, value: number, absent: number): void;
  addFieldOffset(slot: number, value: number, absent: number): void;
  clear(): void;
  finish(root: number): void;
  asUint8Array(): Uint8Array;
}

/** What `flatbuffers` reads from. */
export interface ByteBuffer {
  position(): number;
  readInt8(at: number): number;
  readInt32(at: number): number;
  readUint32(at: number): number;
  readFloat64(at: number): number;
  __offset(table: number, slot: number): number;
  __string(at: number): string;
  __vector(at: number): number;
  __vector_len(at: number): number;
}

/** `flatbuffers`. */
export interface Flatbuffers {
  readonly Builder: new (bytes: number) => Builder;
  readonly ByteBuffer: new (bytes: Uint8Array) => ByteBuffer;
}
