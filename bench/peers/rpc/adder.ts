/**
 * `bench.Adder` for the peers that are described by Protocol Buffers, without a generator:
 *
 *     service Adder { rpc Add (Amounts) returns (Sum); }
 *     message Amounts { uint32 a = 1; uint32 b = 2; }
 *     message Sum { uint32 sum = 1; }
 *
 * @module
 */

/** The message `Amounts`. */
export interface Amounts {
  readonly a: number;
  readonly b: number;
}

/** The message `Sum`. */
export interface Sum {
  readonly sum: number;
}

/** The part of `@bufbuild/protobuf` that is used. */
export interface Protobuf {
  create(schema: unknown, message: object): unknown;
  createFileRegistry(
    file: unknown,
    resolve: () => undefined,
  ): { getService(name: string): unknown };
}

/** The part of `@bufbuild/protobuf/wkt` that is used. */
export interface WellKnownTypes {
  readonly FileDescriptorProtoSchema: unknown;
}

/** Forms of the description. */
export const ADDER = {
  /** For `@grpc/proto-loader`'s `fromJSON`. */
  json: {
    nested: {
      bench: {
        nested: {
          Adder: {
            methods: { Add: { requestType: "Amounts", responseType: "Sum" } },
          },
          Amounts: { fields: { a: { type: "uint32", id: 1 }, b: { type: "uint32", id: 2 } } },
          Sum: { fields: { sum: { type: "uint32", id: 1 } } },
        },
      },
    },
  },
  /** For Connect: a service of `@bufbuild/protobuf`. */
  describe(
    { create, createFileRegistry }: Protobuf,
    { FileDescriptorProtoSchema }: WellKnownTypes,
  ): { readonly Adder: unknown } {
    const message = (name: string, fields: readonly string[]): object => ({
      name,
      // Type 13 is uint32, label 1 optional.
      field: fields.map((field, i) => ({
        name: field,
        jsonName: field,
        number: i + 1,
        type: 13,
        label: 1,
      })),
    });
    const file = create(FileDescriptorProtoSchema, {
      name: "bench.proto",
      package: "bench",
      syntax: "proto3",
      messageType: [message("Amounts", ["a", "b"]), message("Sum", ["sum"])],
      service: [{
        name: "Adder",
        method: [{
          name: "Add",
          inputType: ".bench.Amounts",
          outputType: ".bench.Sum",
        }],
      }],
    });
    return {
      Adder: createFileRegistry(file, () => undefined).getService(
        "bench.Adder",
      ),
    };
  },
};
