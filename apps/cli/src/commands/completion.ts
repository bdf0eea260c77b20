import { type Command, EXIT, type RunCommand, UsageError } from '../command.ts';

/** @param commands what it completes: all of them */
export const completionOf = (commands: () => readonly Command[]): RunCommand => ({
  name: 'completion',
  summary: 'print a script that completes commands and options',
  usage: ['bash | zsh | fish'],
  words: ['bash', 'zsh', 'fish'],
  examples: [
    ['completion bash > /etc/bash_completion.d/millrace', 'for every new shell'],
    ['completion fish > ~/.config/fish/completions/millrace.fish', 'for fish'],
  ],
  async run([shell, ...more], { output }) {
    const { completionScript, isShell } = await import('../completion-script.ts');
    if (!isShell(shell) || more.length > 0) throw new UsageError('expected bash, zsh or fish');
    output.write(completionScript(shell, commands()));
    return EXIT.ok;
  },
});
