/**
 * A helper thread: a worker that answers each message with one message, for work that cannot be done in turns.
 *
 * To start one stops this thread for 13 ms.
 *
 * @module
 */
import { IS_BUNDLED } from "./program.ts";

/** What a helper thread sends back. */
type Answer<Value> = { readonly value: Value } | { readonly failed: string };

/** The parts of a worker's global scope that are used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(answer: Answer<unknown>): void;
}

/** A worker that answers messages one by one. */
export class HelperThread implements Disposable {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /**
   * Starts a helper thread.
   *
   * @param url Module of the worker, which calls {@linkcode answerMessages}.
   * @param name Name of the thread, for debuggers.
   * @returns The thread; `null` in a bundle, and where workers cannot be started or may not load that module. The user is not prompted.
   */
  static start(url: URL, name: string): HelperThread | null {
    if (IS_BUNDLED) return null; // the module of the worker is in no file of its own
    try {
      if (url.protocol === "file:" && Deno.permissions.querySync({ name: "read", path: url }).state !== "granted") {
        return null;
      }
      return new HelperThread(new Worker(url, { type: "module", name }));
    } catch {
      return null;
    }
  }

  /**
   * Sends a message, and waits for its answer. One message is under way at a time.
   *
   * @param message Anything that can be cloned.
   * @returns The answer. Rejects when the work failed, or the thread could not load its module.
   */
  ask<Value>(message: unknown): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }: MessageEvent<Answer<Value>>) => {
        if ("failed" in data) reject(new Error(data.failed));
        else resolve(data.value);
      };
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      this.#worker.postMessage(message);
    });
  }

  /** Ends the thread, whatever it does. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** Answers all messages that this thread, a helper, gets. @param work Returns the answer to a message, or throws. */
export function answerMessages<Message>(work: (message: Message) => unknown): void {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = async ({ data }: MessageEvent<Message>) => {
    let answer: Answer<unknown>;
    try {
      answer = { value: await work(data) };
    } catch (error) {
      answer = { failed: error instanceof Error ? error.message : String(error) };
    }
    scope.postMessage(answer);
  };
}
