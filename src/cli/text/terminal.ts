/**
 * The terminal of the command line: the only file of the command line that uses the standard streams.
 *
 * @module
 */
/** The streams that a command writes to and asks on. */
export interface Terminal {
  /** Writes to standard output. Text is dropped once the reader has closed the pipe. */
  out(text: string): Promise<void>;
  /** Writes to standard error. */
  err(text: string): void;
  /** True when the reader of standard output has closed the pipe (`| head`): a long listing may stop. */
  readonly isClosed: boolean;
  /** Text style for standard output. */
  readonly style: TextStyle;
  /** Text style for standard error. */
  readonly errStyle: TextStyle;
  /** Number of columns of the terminal, at least 40; 120 where there is no terminal. */
  readonly columns: number;
  /** True when a person can answer a question. */
  readonly isInteractive: boolean;
  /** True when a progress bar may be drawn on standard error. */
  readonly drawsProgress: boolean;
  /** Asks a question. @returns True for the answers `y` and `yes`, false for any other answer and for none. */
  confirm(question: string): boolean;
}

/** Options of {@linkcode openTerminal}. */
export interface TerminalOptions {
  /**
   * False to use no colours. Colours are only ever used in output to a terminal.
   *
   * @default {true}
   */
  readonly color?: boolean;
}

const encoder = new TextEncoder();

/**
 * Opens the standard streams of this process as a terminal.
 *
 * @param options See {@linkcode TerminalOptions}.
 * @returns The terminal. `NO_COLOR` (no-color.org) switches colours off; it is read through `Deno.noColor`, which needs
 * no permission.
 */
export function openTerminal(options: TerminalOptions = {}): Terminal {
  const mayColor = options.color !== false && !Deno.noColor;
  const isOutTerminal = Deno.stdout.isTerminal();
  const isErrTerminal = Deno.stderr.isTerminal();
  let isClosed = false;
  return {
    async out(text) {
      isClosed ||= !(await writeAllTo(Deno.stdout, text, isClosed));
    },
    err(text) {
      writeAllToSync(Deno.stderr, text);
    },
    get isClosed() {
      return isClosed;
    },
    style: createStyle(mayColor && isOutTerminal),
    errStyle: createStyle(mayColor && isErrTerminal),
    columns: isOutTerminal || isErrTerminal ? terminalColumns() : 120,
    isInteractive: Deno.stdin.isTerminal() && isErrTerminal,
    drawsProgress: isErrTerminal,
    confirm(question) {
      writeAllToSync(Deno.stderr, `${question} [y/N] `);
      const buffer = new Uint8Array(64);
      const length = Deno.stdin.readSync(buffer) ?? 0;
      return /^\s*y(?:es)?\s*$/i.test(new TextDecoder().decode(buffer.subarray(0, length)));
    },
  };
}

/** Writes a text. @returns True when all of the text was written, false when the reader has closed the pipe. */
async function writeAllTo(stream: typeof Deno.stdout, text: string, isClosed: boolean): Promise<boolean> {
  if (isClosed) return false;
  let bytes = encoder.encode(text);
  try {
    // The write is asynchronous, since a synchronous write to a full pipe fails with an error.
    while (bytes.length > 0) bytes = bytes.subarray(await stream.write(bytes));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

function writeAllToSync(stream: typeof Deno.stderr, text: string): void {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    // A message that cannot be written must not change the result of the command.
    const isLost = error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.WouldBlock;
    if (!isLost) throw error;
  }
}

function terminalColumns(): number {
  try {
    return Math.max(40, Deno.consoleSize().columns);
  } catch {
    return 120;
  }
}

/** Text style: functions that style a text; each returns the text unchanged when colours are off. */
export interface TextStyle {
  /** Bold, for headings. */
  bold(text: string): string;
  /** Dim, for text that matters less. */
  dim(text: string): string;
  /** Green, for text about something that is well. */
  good(text: string): string;
  /** Yellow, for text about something to look at. */
  warn(text: string): string;
  /** Red, for text about something wrong. */
  bad(text: string): string;
}

/**
 * Makes a text style of the sequences for select graphic rendition (ECMA-48, section 8.3.117).
 *
 * @param isColored True for a terminal that shows colours; otherwise the style changes nothing.
 * @returns The text style.
 */
export function createStyle(isColored: boolean): TextStyle {
  const mark = (on: number, off: number) => (text: string) => isColored ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return { bold: mark(1, 22), dim: mark(2, 22), good: mark(32, 39), warn: mark(33, 39), bad: mark(31, 39) };
}
