/**
 * Names of the platform's globals. Without the inspector, nothing else tells them from the program's.
 *
 * A file of its own, since only code that cannot be followed needs the list.
 *
 * @module
 */
import { isNativeFunction } from "../../values/kinds.ts";

const NAMES: ReadonlySet<string> = new Set(
  (
    "AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array " +
    "BigUint64Array Blob Boolean BroadcastChannel Buffer ByteLengthQueuingStrategy Cache CacheStorage CloseEvent " +
    "CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DOMMatrix DOMMatrixReadOnly " +
    "DOMPoint DOMPointReadOnly DOMQuad DOMRect DOMRectReadOnly DataView Date DecompressionStream " +
    "DedicatedWorkerGlobalScope Deno DisposableStack Error ErrorEvent EvalError Event EventSource EventTarget File " +
    "FileReader FinalizationRegistry Float16Array Float32Array Float64Array FormData Function GPU GPUAdapter " +
    "GPUAdapterInfo GPUBindGroup GPUBindGroupLayout GPUBuffer GPUBufferUsage GPUCanvasContext GPUColorWrite " +
    "GPUCommandBuffer GPUCommandEncoder GPUCompilationInfo GPUCompilationMessage GPUComputePassEncoder " +
    "GPUComputePipeline GPUDevice GPUDeviceLostInfo GPUError GPUInternalError GPUMapMode GPUOutOfMemoryError " +
    "GPUPipelineError GPUPipelineLayout GPUQuerySet GPUQueue GPURenderBundle GPURenderBundleEncoder " +
    "GPURenderPassEncoder GPURenderPipeline GPUSampler GPUShaderModule GPUShaderStage GPUSupportedFeatures " +
    "GPUSupportedLimits GPUTexture GPUTextureUsage GPUTextureView GPUUncapturedErrorEvent GPUValidationError " +
    "Headers ImageBitmap ImageBitmapRenderingContext ImageData Infinity Int16Array Int32Array Int8Array Intl " +
    "Iterator JSON Location Lock LockManager Map Math MessageChannel MessageEvent MessagePort NaN Navigator " +
    "NavigatorUAData Number Object OffscreenCanvas Performance PerformanceEntry PerformanceMark PerformanceMeasure " +
    "PerformanceObserver PerformanceObserverEntryList ProgressEvent Promise PromiseRejectionEvent Proxy " +
    "QuotaExceededError RangeError ReadableByteStreamController ReadableStream ReadableStreamBYOBReader " +
    "ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader ReferenceError Reflect " +
    "RegExp Request Response Set SharedArrayBuffer SharedWorker Storage String SubtleCrypto SuppressedError Symbol " +
    "SyntaxError Temporal TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream " +
    "TransformStreamDefaultController TypeError URIError URL URLPattern URLSearchParams Uint16Array Uint32Array " +
    "Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly WebSocket WebSocketError WebSocketStream " +
    "WebTransport WebTransportBidirectionalStream WebTransportDatagramDuplexStream WebTransportError " +
    "WebTransportReceiveStream WebTransportSendGroup WebTransportSendStream Window Worker WorkerGlobalScope " +
    "WritableStream WritableStreamDefaultController WritableStreamDefaultWriter __defineGetter__ __defineSetter__ " +
    "__dirname __filename __lookupGetter__ __lookupSetter__ __proto__ addEventListener alert arguments atob btoa " +
    "caches clearImmediate clearInterval clearTimeout close closed confirm console constructor createImageBitmap " +
    "crypto decodeURI decodeURIComponent dispatchEvent encodeURI encodeURIComponent escape eval exports fetch " +
    "getParent global globalThis hasOwnProperty importScripts isFinite isNaN isPrototypeOf localStorage location " +
    "module name navigator nodeBootstrap onbeforeunload onerror onload onmessage onmessageerror onunhandledrejection onunload " +
    "parseFloat parseInt performance postMessage process prompt propertyIsEnumerable queueMicrotask " +
    "removeEventListener reportError require self sessionStorage setImmediate setInterval setTimeout " +
    "structuredClone toLocaleString toString undefined unescape valueOf"
  ).split(" "),
);

/** True for the name of a global that the platform has, and for one that a newer platform added. */
export function isNameOfPlatform(name: string): boolean {
  if (NAMES.has(name)) return true;
  const property = Object.getOwnPropertyDescriptor(globalThis, name);
  // What a program assigns to the global object can be listed.
  return property !== undefined && property.enumerable === false && typeof property.value === "function" &&
    isNativeFunction(property.value);
}
