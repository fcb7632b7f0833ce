/**
 * {@linkcode codeOf} and {@linkcode failsWith}: how a call failed.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { RpcError } from "../../wire/errors.ts";

/** The code of a call's `RpcError`. Throws if the call does not fail so. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => call, RpcError)).code;
}

/** Asserts that a call fails with a code; returns its error. */
export async function failsWith(code: string, call: Promise<unknown>): Promise<RpcError> {
  const error = await assertRejects(() => call, RpcError);
  assertEquals(error.code, code);
  return error;
}
