/**
 * A real browser for the tests of the page: Chromium without a window, driven by its own protocol over a socket.
 *
 * @module
 */

/** How to get what {@linkcode findChromium} looks for. */
export const CHROMIUM_NEEDS = "chromium: apt-get install chromium";

/** Returns the command of Chromium; `null` where there is none. */
export function findChromium(): string | null {
  for (const command of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    try {
      if (new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success) {
        return command;
      }
    } catch {
      // There is none of this name.
    }
  }
  return null;
}

/** Keys that are pressed by name. */
const KEY_CODES: Readonly<Record<string, number>> = {
  Tab: 9,
  Enter: 13,
  Escape: 27,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
};

/** Options of {@linkcode Browser.open}. */
export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly isDark?: boolean;
}

/** A running browser with one page; ended by `await using`. */
export class Browser implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  /** Fulfilled at the end of standard error. */
  readonly #errors: Promise<void>;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  /** What the page printed, errors that it did not catch, and what its policy refused. */
  readonly messages: string[] = [];
  /** Addresses that the page asked for, itself among them. */
  readonly requests: string[] = [];
  #loaded = Promise.withResolvers<void>();
  #lastId = 0;

  private constructor(process: Deno.ChildProcess, errors: Promise<void>, folder: string, socket: WebSocket) {
    this.#process = process;
    this.#errors = errors;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
  }

  /** Starts the browser. */
  static async start(): Promise<Browser> {
    const command = findChromium();
    if (command === null) throw new Error(`There is no Chromium; the tests need ${CHROMIUM_NEEDS}`);
    const folder = Deno.makeTempDirSync({ prefix: "cachepy-browser-" });
    const process = new Deno.Command(command, {
      args: [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        `--user-data-dir=${folder}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const { address, errors } = await readAddress(process.stderr);
    const port = new URL(address).port;
    const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
    const page = targets.find(({ type }: { type: string }) => type === "page");
    const socket = new WebSocket(page.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => [socket.onopen, socket.onerror] = [resolve, reject]);
    const browser = new Browser(process, errors, folder, socket);
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await browser.send(`${domain}.enable`);
    return browser;
  }

  /** Sends a command of the protocol, which chromedevtools.github.io/devtools-protocol describes. */
  // deno-lint-ignore no-explicit-any -- each command has an answer of its own
  async send(method: string, params: Record<string, unknown> = {}): Promise<any> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return await answer.promise;
  }

  /** Opens a file in a window of a size, and waits until the page is drawn. Nothing moves, so that nobody need wait. */
  async open(path: string, { width = 1280, height = 800, isDark = false }: OpenOptions = {}): Promise<void> {
    this.messages.length = 0;
    this.requests.length = 0;
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await this.setDark(isDark);
    this.#loaded = Promise.withResolvers();
    await this.send("Page.navigate", { url: `file://${path}` });
    await this.#loaded.promise;
    await this.frames(3);
  }

  /** Sets whether the user prefers dark pages. */
  async setDark(isDark: boolean): Promise<void> {
    await this.send("Emulation.setEmulatedMedia", {
      features: [
        { name: "prefers-color-scheme", value: isDark ? "dark" : "light" },
        { name: "prefers-reduced-motion", value: "reduce" },
      ],
    });
  }

  /** Returns the value of an expression in the page; a promise is awaited. */
  // deno-lint-ignore no-explicit-any -- the type is that of the expression
  async evaluate(expression: string): Promise<any> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until the page has been drawn some times. */
  async frames(count = 2): Promise<void> {
    await this.evaluate(
      `(async () => { for (let i = 0; i < ${count}; i++) await new Promise((done) => requestAnimationFrame(done)); })()`,
    );
  }

  /** Clicks the middle of the first element of a selector with the mouse. */
  async click(selector: string): Promise<void> {
    const { x, y } = await this.middleOf(selector);
    await this.clickAt(x, y);
  }

  async clickAt(x: number, y: number): Promise<void> {
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
    }
    await this.frames();
  }

  /** Returns the middle of the first element of a selector. */
  async middleOf(selector: string): Promise<{ x: number; y: number }> {
    const place = await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      if (element === null) return null;
      const { left, top, width, height } = element.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    })()`);
    if (place === null) throw new Error(`There is no ${selector} on the page`);
    return place;
  }

  /** Drags the mouse. */
  async drag(from: { x: number; y: number }, to: { x: number; y: number }, steps = 8): Promise<void> {
    const mouse = (type: string, x: number, y: number) =>
      this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: 1, clickCount: 1 });
    await mouse("mousePressed", from.x, from.y);
    for (let step = 1; step <= steps; step++) {
      const part = step / steps;
      await mouse("mouseMoved", from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part);
    }
    await mouse("mouseReleased", to.x, to.y);
    await this.frames();
  }

  /** Presses keys, each by its name: `Enter`, `ArrowDown`, `+`. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const text = key === "Enter" ? "\r" : key.length === 1 ? key : undefined;
      const code = KEY_CODES[key] ?? key.toUpperCase().charCodeAt(0);
      const params = { key, windowsVirtualKeyCode: code, ...(text === undefined ? {} : { text }) };
      await this.send("Input.dispatchKeyEvent", { type: text === undefined ? "rawKeyDown" : "keyDown", ...params });
      await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode: code });
    }
    await this.frames();
  }

  /** Types a text into what has the focus. */
  async type(text: string): Promise<void> {
    await this.send("Input.insertText", { text });
    await this.frames();
  }

  /** Returns a picture of the window, PNG. */
  async screenshot(): Promise<Uint8Array> {
    return Uint8Array.fromBase64((await this.send("Page.captureScreenshot", { format: "png" })).data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    await this.send("Browser.close").catch(() => {});
    await closed;
    await Promise.all([this.#process.status, this.#errors]);
    await Deno.remove(this.#folder, { recursive: true }).catch(() => {});
  }

  // deno-lint-ignore no-explicit-any -- each message has a shape of its own
  #receive({ id, method, params, result, error }: any): void {
    const answer = this.#waiting.get(id);
    if (answer !== undefined) {
      this.#waiting.delete(id);
      if (error) answer.reject(new Error(error.message));
      else answer.resolve(result);
      return;
    }
    switch (method) {
      case "Page.loadEventFired":
        return this.#loaded.resolve();
      case "Network.requestWillBeSent":
        return void this.requests.push(params.request.url);
      case "Runtime.consoleAPICalled":
        return void this.messages.push(
          `console: ${params.args.map(({ value }: { value: unknown }) => value).join(" ")}`,
        );
      case "Runtime.exceptionThrown":
        return void this.messages.push(`error: ${params.exceptionDetails.exception?.description}`);
      case "Log.entryAdded":
        return void this.messages.push(`log: ${params.entry.text}`);
      case "Page.javascriptDialogOpening":
        this.messages.push(`dialog: ${params.message}`);
        return void this.send("Page.handleJavaScriptDialog", { accept: true });
    }
  }
}

/** Reads the address that the browser names on standard error, and goes on reading, so that it never waits. */
async function readAddress(
  stderr: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<{ readonly address: string; readonly errors: Promise<void> }> {
  const reader = stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Chromium ended: ${text}`);
    text += value;
    const address = /^DevTools listening on (\S+)$/m.exec(text)?.[1];
    if (address === undefined) continue;
    const readOn = async () => {
      while (!(await reader.read()).done);
    };
    return { address, errors: readOn() };
  }
}
