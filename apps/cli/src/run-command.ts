import { OperatorError } from '@millrace/service';
import {
  type Command,
  EXIT,
  type RunCommand,
  type Terminal,
  UnreachableError,
  UsageError,
} from './command.ts';
import { helpOf, helpOfCommand } from './help.ts';

/** What the arguments of the program ask for: a command, or text and an exit code. */
export type Wish =
  | { readonly kind: 'command'; readonly command: Command; readonly args: readonly string[] }
  | { readonly kind: 'text'; readonly text: string; readonly code: number };

/** Finds out what is wanted; `help`, and `--help` anywhere, is answered here. */
export function wishOf(args: readonly string[], commands: readonly Command[]): Wish {
  const [name, ...rest] = args;
  const asked = name === 'help' || name === '--help' || name === undefined ? rest[0] : name;
  if (asked === undefined) return { kind: 'text', text: helpOf(commands), code: EXIT.ok };
  const command = commands.find((one) => one.name === asked);
  if (!command) {
    const text = `millrace: there is no command "${asked}"\n\n${helpOf(commands)}`;
    return { kind: 'text', text, code: EXIT.usage };
  }
  if (asked !== name || rest.includes('--help')) {
    return { kind: 'text', text: helpOfCommand(command), code: EXIT.ok };
  }
  return { kind: 'command', command, args: rest };
}

/** Runs a command. @returns its exit code; what went wrong was told */
export async function runCommand(
  command: RunCommand,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    return await command.run(args, terminal);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const hint = error instanceof UsageError ? `\nSee: millrace help ${command.name}` : '';
    terminal.errors.write(`millrace ${command.name}: ${error.message}${hint}\n`);
    if (error instanceof UsageError) return EXIT.usage;
    return error instanceof UnreachableError ? EXIT.unreachable : EXIT.failed;
  }
}
