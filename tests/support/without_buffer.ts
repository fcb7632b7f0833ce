/**
 * Takes the global `Buffer` away, for what is imported after this.
 *
 * @module
 */
import process from "node:process";

if (process.argv.includes("--without-buffer")) Reflect.deleteProperty(globalThis, "Buffer");
