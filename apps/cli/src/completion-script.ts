import type { Command } from './command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function isShell(text: string | undefined): text is Shell {
  return SHELLS.some((shell) => shell === text);
}

/** A script for the shell that completes the names of commands, then their options and first words. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  if (shell === 'fish') return fishScript(commands);
  return shell === 'bash'
    ? bashScript(commands)
    : `#compdef millrace\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`;
}

function wordsOf({ options = {}, words = [] }: Command): string[] {
  return [...words, ...Object.keys(options).map((name) => `--${name}`), '--help'];
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => `    ${command.name}) words="${wordsOf(command).join(' ')}" ;;`);
  const names = [...commands.map(({ name }) => name), 'help'].join(' ');
  return `_millrace() {
  local words="${names}"
  if [ "$COMP_CWORD" -gt 1 ]; then case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    help) ;;
    *) words="" ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _millrace millrace
`;
}

function fishScript(commands: readonly Command[]): string {
  const quote = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
  return commands
    .flatMap(({ name, summary, options = {}, words = [] }) => [
      `complete -c millrace -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...words.map((word) => `complete -c millrace -n '__fish_seen_subcommand_from ${name}' -a ${word}`),
      ...Object.entries(options).map(
        ([option, { help, type }]) =>
          `complete -c millrace -n '__fish_seen_subcommand_from ${name}' -l ${option}${type === 'string' ? ' -r' : ''} -d ${quote(help)}`,
      ),
    ])
    .join('\n')
    .concat('\n');
}
