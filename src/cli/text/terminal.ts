/**
 * What the command line writes and asks: the only file of the command line that touches the standard streams.
 *
 * @module
 */
/** Where a command writes. */
export interface Terminal {
  /** Writes to standard output, after what is waiting there. Text after the reader has gone is dropped. */
  out(text: string): Promise<void>;
  /** Writes to standard error. */
  err(text: string): void;
  /** Whether nobody reads standard output any more (`| head`): a long listing may stop. */
  readonly isClosed: boolean;
  /** Marks for standard output. */
  readonly style: TextStyle;
  /** Marks for standard error. */
  readonly errStyle: TextStyle;
  /** Columns of the terminal, or 120 where there is none. */
  readonly columns: number;
  /** Whether a person can answer a question. */
  readonly isInteractive: boolean;
  /** Whether a progress bar may be drawn on standard error. */
  readonly drawsProgress: boolean;
  /** Asks a question that is answered by yes or no; no when it is not answered. */
  confirm(question: string): boolean;
}

/** Options of {@linkcode openTerminal}. */
export interface TerminalOptions {
  /**
   * Whether colours may be used at all; they are used only where a terminal reads.
   *
   * @default {true}
   */
  readonly color?: boolean;
}

const encoder = new TextEncoder();

/**
 * The streams of this process.
 *
 * @param options Whether colours may be used.
 * @returns The terminal. `NO_COLOR` (no-color.org) switches colours off; it is asked through `Deno.noColor`, which
 * needs no permission.
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

/** Whether all was written; false when the reader has gone. */
async function writeAllTo(stream: typeof Deno.stdout, text: string, isClosed: boolean): Promise<boolean> {
  if (isClosed) return false;
  let bytes = encoder.encode(text);
  try {
    // Asynchronous: a pipe that is full answers a synchronous write with an error.
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
    // Messages that nobody can read must not change what the command does.
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

/** Functions that mark a text; each returns it as it is when colours are off. */
export interface TextStyle {
  /** Headings. */
  bold(text: string): string;
  /** What matters less. */
  dim(text: string): string;
  /** What is well. */
  good(text: string): string;
  /** What needs a look. */
  warn(text: string): string;
  /** What is wrong. */
  bad(text: string): string;
}

/**
 * Marks for a text, by select graphic rendition (ECMA-48, section 8.3.117).
 *
 * @param isColored Whether the reader is a terminal that wants colours.
 * @returns The marks.
 */
export function createStyle(isColored: boolean): TextStyle {
  const mark = (on: number, off: number) => (text: string) => isColored ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return { bold: mark(1, 22), dim: mark(2, 22), good: mark(32, 39), warn: mark(33, 39), bad: mark(31, 39) };
}
