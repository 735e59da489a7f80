/**
 * The part of `@std/assert` that this project uses, for machines that reach npm but not JSR.
 *
 * @module
 */
import { assert as assertJs } from "npm:deno-std@1.4.0/assert/assert.js";
import { AssertionError as AssertionErrorJs } from "npm:deno-std@1.4.0/assert/assertion_error.js";
import { assertEquals as assertEqualsJs } from "npm:deno-std@1.4.0/assert/equals.js";
import { assertInstanceOf as assertInstanceOfJs } from "npm:deno-std@1.4.0/assert/instance_of.js";
import { assertMatch as assertMatchJs } from "npm:deno-std@1.4.0/assert/match.js";
import { assertNotEquals as assertNotEqualsJs } from "npm:deno-std@1.4.0/assert/not_equals.js";
import { assertRejects as assertRejectsJs } from "npm:deno-std@1.4.0/assert/rejects.js";
import { assertStrictEquals as assertStrictEqualsJs } from "npm:deno-std@1.4.0/assert/strict_equals.js";
import { assertStringIncludes as assertStringIncludesJs } from "npm:deno-std@1.4.0/assert/string_includes.js";
import { assertThrows as assertThrowsJs } from "npm:deno-std@1.4.0/assert/throws.js";

// deno-lint-ignore no-explicit-any
type AnyClass<E> = abstract new (...args: any[]) => E;

/** The error of a failed assertion. */
export const AssertionError: new (message: string) => Error = AssertionErrorJs;
/** Fails when `expr` is falsy. */
export const assert: (expr: unknown, msg?: string) => asserts expr = assertJs;
/** Fails when the two are not deeply equal. */
export const assertEquals: <T>(actual: T, expected: T, msg?: string) => void = assertEqualsJs;
/** Fails when the two are deeply equal. */
export const assertNotEquals: <T>(actual: T, expected: T, msg?: string) => void = assertNotEqualsJs;
/** Fails when the two are not the same value by `Object.is`. */
export const assertStrictEquals: <T>(actual: unknown, expected: T, msg?: string) => asserts actual is T =
  assertStrictEqualsJs;
/** Fails when `actual` is no instance of `expectedType`. */
export const assertInstanceOf: <T>(actual: unknown, expectedType: AnyClass<T>, msg?: string) => asserts actual is T =
  assertInstanceOfJs;
/** Fails when `actual` does not match `expected`. */
export const assertMatch: (actual: string, expected: RegExp, msg?: string) => void = assertMatchJs;
/** Fails when `actual` does not contain `expected`. */
export const assertStringIncludes: (actual: string, expected: string, msg?: string) => void = assertStringIncludesJs;
/** Fails when `fn` does not throw an `ErrorClass` whose message contains `msgIncludes`; returns what was thrown. */
export const assertThrows: <E extends Error = Error>(
  fn: () => unknown,
  ErrorClass?: AnyClass<E>,
  msgIncludes?: string,
  msg?: string,
) => E = assertThrowsJs;
/** Fails when the promise of `fn` does not reject with an `ErrorClass`; resolves to what it rejected with. */
export const assertRejects: <E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass?: AnyClass<E>,
  msgIncludes?: string,
  msg?: string,
) => Promise<E> = assertRejectsJs;
