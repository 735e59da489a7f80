/** The command `completions`; a file of its own, so that the help and other commands need not load it. @module */
import {
  type CommandContext,
  type CommandSpec,
  COMMON_OPTIONS,
  EXIT,
  type OptionSpec,
  UsageError,
} from "../command.ts";

/** Shells that completions are written for. */
const SHELLS: Readonly<Record<string, (commands: readonly CommandSpec[]) => string>> = {
  bash: forBash,
  zsh: forZsh,
  fish: forFish,
};

/** Values of options that are one of a few words. */
const WORDS: Readonly<Record<string, string>> = {
  format: "text json dot svg html",
  sort: "created used size compute fname",
};

/** Options whose values are files, and those whose values are folders. */
const FILES = ["output", "file"];
const FOLDERS = ["cache-dir", "root"];

/**
 * Prints a script that completes commands and options in a shell.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code.
 */
export async function run({ arguments: [shell = ""], commands, terminal }: CommandContext): Promise<number> {
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (write === undefined) {
    throw new UsageError(`SHELL needs one of ${Object.keys(SHELLS).join(", ")}, got ${JSON.stringify(shell)}`);
  }
  await terminal.out(write(commands));
  return EXIT.ok;
}

function optionsOf(command: { readonly options: readonly OptionSpec[] }): readonly OptionSpec[] {
  return [...command.options, ...COMMON_OPTIONS];
}

function flagWordsOf({ name, short }: OptionSpec): string {
  return short === undefined ? `--${name}` : `--${name} -${short}`;
}

/** A text within single quotes of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function forBash(all: readonly CommandSpec[]): string {
  const words = Object.entries(WORDS).map(([name, list]) =>
    `    --${name}) COMPREPLY=($(compgen -W "${list}" -- "$cur")); return ;;`
  );
  const commands = all.map((command) =>
    `    ${command.name}) words="${optionsOf(command).map(flagWordsOf).join(" ")}" ;;`
  );
  return `# cachepy completions bash > ~/.local/share/bash-completion/completions/cachepy
_cachepy() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) command="$word"; break ;; esac
  done
  case "$prev" in
${words.join("\n")}
    ${FILES.map((name) => `--${name}`).join("|")}|-o) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    ${FOLDERS.map((name) => `--${name}`).join("|")}) COMPREPLY=($(compgen -d -- "$cur")); return ;;
  esac
  case "$command" in
${commands.join("\n")}
    *) words="${all.map(({ name }) => name).join(" ")} --help --version" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _cachepy cachepy
`;
}

function forZsh(all: readonly CommandSpec[]): string {
  const described = all.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`);
  const cases = all.map((command) =>
    `    ${command.name}) _arguments ${optionsOf(command).map(zshOption).join(" ")} ;;`
  );
  return `#compdef cachepy
# cachepy completions zsh > ~/.zfunc/_cachepy, with fpath+=~/.zfunc before compinit
_cachepy() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
compdef _cachepy cachepy
`;
}

function zshOption({ name, value, help }: OptionSpec): string {
  const text = help.replace(/[[\]:]/g, "\\$&");
  if (value === undefined) return quoted(`--${name}[${text}]`);
  const action = WORDS[name] !== undefined
    ? `(${WORDS[name]})`
    : FILES.includes(name)
    ? "_files"
    : FOLDERS.includes(name)
    ? "_files -/"
    : "";
  return quoted(`--${name}=[${text}]:${value}:${action}`);
}

function forFish(all: readonly CommandSpec[]): string {
  const lines = all.flatMap((command) => [
    `complete -c cachepy -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
    ...optionsOf(command).map((option) =>
      `complete -c cachepy -n '__fish_seen_subcommand_from ${command.name}' ${fishOption(option)}`
    ),
  ]);
  return `# cachepy completions fish > ~/.config/fish/completions/cachepy.fish\ncomplete -c cachepy -f\n${
    lines.join("\n")
  }\n`;
}

function fishOption({ name, short, value, help }: OptionSpec): string {
  const kind = value === undefined
    ? []
    : WORDS[name] !== undefined
    ? [`-xa ${quoted(WORDS[name])}`]
    : FILES.includes(name)
    ? ["-rF"]
    : FOLDERS.includes(name)
    ? ["-xa '(__fish_complete_directories)'"]
    : ["-x"];
  return [`-l ${name}`, ...short === undefined ? [] : [`-s ${short}`], ...kind, `-d ${quoted(help)}`].join(" ");
}
