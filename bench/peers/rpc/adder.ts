/**
 * `bench.Adder` for the peers that are described by Protocol Buffers, without a generator:
 *
 *     service Adder { rpc Add (Amount) returns (Sum); }
 *     message Amount { uint32 amount = 1; }
 *     message Sum { uint32 sum = 1; }
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any

/** Forms of the description. */
export const ADDER = {
  /** For `@grpc/proto-loader`'s `fromJSON`. */
  json: {
    nested: {
      bench: {
        nested: {
          Adder: {
            methods: { Add: { requestType: "Amount", responseType: "Sum" } },
          },
          Amount: { fields: { amount: { type: "uint32", id: 1 } } },
          Sum: { fields: { sum: { type: "uint32", id: 1 } } },
        },
      },
    },
  },
  /** For Connect: a service of `@bufbuild/protobuf`. */
  describe(
    { create, createFileRegistry }: any,
    { FileDescriptorProtoSchema }: any,
  ): { Adder: any } {
    const message = (name: string, field: string): object => ({
      name,
      // Type 13 is uint32, label 1 optional.
      field: [{ name: field, jsonName: field, number: 1, type: 13, label: 1 }],
    });
    const file = create(FileDescriptorProtoSchema, {
      name: "bench.proto",
      package: "bench",
      syntax: "proto3",
      messageType: [message("Amount", "amount"), message("Sum", "sum")],
      service: [{
        name: "Adder",
        method: [{
          name: "Add",
          inputType: ".bench.Amount",
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
