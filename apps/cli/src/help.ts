import type { Command, Options } from './command.ts';

/** What `millrace help` prints: all commands, one line each. */
export function helpOf(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: millrace <command>

Commands:
${lines.join('\n')}

millrace help COMMAND tells more, with examples. Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 the cluster cannot
be reached.
`;
}

/** What `millrace help NAME` prints. */
export function helpOfCommand({ name, summary, usage, options, notes, examples }: Command): string {
  const parts = [
    usage
      .map((line, at) => `${at === 0 ? 'Usage:' : '      '} millrace ${name} ${line}`.trimEnd())
      .join('\n'),
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    options && `Options:\n${optionLines(options)}`,
    notes?.trim(),
    examples.length > 0 &&
      `Examples:\n${examples.map(([line, what]) => `  millrace ${line}\n      ${what}`).join('\n')}`,
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function optionLines(options: Options): string {
  const rows = Object.entries(options).map(
    ([name, { value, help }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, help] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n');
}
