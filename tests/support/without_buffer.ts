/**
 * Removes the global `Buffer`, for later imports.
 *
 * @module
 */
import process from "node:process";

if (process.argv.includes("--without-buffer")) Reflect.deleteProperty(globalThis, "Buffer");
