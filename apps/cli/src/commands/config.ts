import { fileURLToPath } from 'node:url';
import { EXIT, type RunCommand, UsageError } from '../command.ts';

const PROGRAMS = ['front-door', 'worker'] as const;

export const config: RunCommand = {
  name: 'config',
  summary: 'print the settings that a front door or worker would run with, without secrets',
  words: ['print'],
  usage: ['print front-door | worker'],
  notes:
    'They come from this environment and from the file that MILLRACE_CONFIG names. The exit code is 1 when they are wrong.',
  examples: [['config print worker', 'JSON, defaults filled in']],
  async run(args, { env, output, errors }) {
    const [action, name, ...more] = args;
    const program = PROGRAMS.find((one) => one === name);
    if (action !== 'print' || !program || more.length > 0)
      throw new UsageError('expected print, and front-door or worker');
    const { execFile } = await import('node:child_process');
    const { NODE_ENVIRONMENT, NODE_FLAGS, PRINT_CONFIG } = await import('@millrace/service');
    const main = fileURLToPath(new URL(`../../../${program}/src/main.ts`, import.meta.url));
    const { promise, resolve } = Promise.withResolvers<number>();
    const options = { env: { ...NODE_ENVIRONMENT, ...env } };
    execFile(process.execPath, [...NODE_FLAGS, main, PRINT_CONFIG], options, (error, text, complaint) => {
      output.write(text);
      errors.write(complaint);
      resolve(error ? EXIT.failed : EXIT.ok);
    });
    return promise;
  },
};
