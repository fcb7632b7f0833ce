/**
 * The pet: enums with a payload, in an optional field of the state.
 *
 * @module
 */
import { type Infer, option, rpc, service, string, u8, variants } from "../../mod.ts";

/** The pet of a connection. */
export const Pet = variants({
  dog: { name: string, age: u8, breed: string },
  cat: { name: string, age: u8, breed: string },
});
/** A value of {@linkcode Pet}. */
export type Pet = Infer<typeof Pet>;

/** The service. */
export const Animal = service({
  name: "Animal",
  rpc: {
    /** Become a dog. */
    becomeDog: rpc({ name: string, age: u8, breed: string }),
    /** Become a cat. */
    becomeCat: rpc({ name: string, age: u8, breed: string }),
    /** Make a noise; `null` without a pet. */
    makeANoise: rpc({}, option(string)),
  },
  state: { pet: option(Pet) },
});
