#!/usr/bin/env node
import { runMain } from '@millrace/service';
import { EXIT, type Terminal, UsageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import { runCommand, wishOf } from './run-command.ts';

const interrupted = new AbortController();
const terminal: Terminal = {
  env: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  interrupted: interrupted.signal,
};

const wish = wishOf(process.argv.slice(2), COMMANDS);

if (wish.kind === 'text') {
  (wish.code === EXIT.ok ? process.stdout : process.stderr).write(wish.text);
  process.exitCode = wish.code;
} else if ('run' in wish.command) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  process.exitCode = await runCommand(wish.command, wish.args, terminal);
} else {
  const { command, args } = wish;
  await runMain(async () => {
    try {
      return await command.serve(args, terminal);
    } catch (error) {
      // The exit code of what is wrong with the arguments differs from that of a failure.
      if (!(error instanceof UsageError)) throw error;
      process.stderr.write(
        `millrace ${command.name}: ${error.message}\nSee: millrace help ${command.name}\n`,
      );
      process.exit(EXIT.usage);
    }
  }, process);
}
