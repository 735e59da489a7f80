/**
 * Tells generators without reading their text.
 *
 * @module
 */

/** Whether a function is a generator, asynchronous or not. */
export function isGenerator(fn: object): boolean {
  const tag = Object.prototype.toString.call(fn);
  return tag === "[object GeneratorFunction]" || tag === "[object AsyncGeneratorFunction]";
}
