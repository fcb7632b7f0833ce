/**
 * The pet, server and client in one process.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { connect } from "../../client.ts";
import { serve } from "../../server.ts";
import { Animal } from "./service.ts";

await using server = await serve(Animal, { port: 0, tls: "self-signed" }, ({ state }) => ({
  becomeDog(dog) {
    state.pet = { type: "dog", ...dog };
  },
  becomeCat(cat) {
    state.pet = { type: "cat", ...cat };
  },
  makeANoise() {
    if (state.pet === null) return null;
    return state.pet.type === "dog" ? "Woof!" : "Meow!";
  },
}));

await using client = await connect(Animal, server.url, {
  tls: { fingerprint: server.fingerprint! },
});
console.log("makeANoise() →", await client.rpc.makeANoise());
await client.rpc.becomeDog({ name: "Rex", age: 3, breed: "Labrador" });
console.log("state:", client.state.current);
console.log("makeANoise() →", await client.rpc.makeANoise());
await client.rpc.becomeCat({ name: "Tom", age: 5, breed: "Siamese" });
console.log("state:", client.state.current);
console.log("makeANoise() →", await client.rpc.makeANoise());
