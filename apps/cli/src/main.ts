import { fileURLToPath } from 'node:url';
import { createLogger, runMain } from '@millrace/service';
import { loadUpConfig } from './config.ts';
import { HELP } from './help.ts';
import { Stdio } from './stdio.ts';
import { transportFor } from './stdio-target.ts';
import { createUp } from './up.ts';

/** The client of a pipe waits for a moment only before it ends the process itself. */
const STDIO_SHUTDOWN_MS = 1_500;

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const [command, ...rest] = process.argv.slice(2);

if (command === 'up' && rest.length === 0) {
  await runMain(async () => {
    const config = loadUpConfig(process.env);
    return createUp({
      config,
      frontDoorMain: pathOf('front-door/src/main.ts'),
      workerMain: pathOf('worker/src/main.ts'),
      examplePlugin: pathOf('example-database/src/index.ts'),
      env: process.env,
      logger: createLogger({ name: 'millrace', level: config.logLevel, pretty: config.logPretty }),
      print: (text) => console.log(text),
    });
  }, process);
} else if (command === 'stdio') {
  await runMain(async () => {
    // Standard output belongs to the protocol.
    const logger = createLogger({ name: 'stdio', level: 'warn', destination: process.stderr });
    const transport = transportFor(rest, logger);
    const { stdin: input, stdout: output } = process;
    const onError = (error: Error) => logger.warn({ err: error }, 'the connection to the cluster');
    const service = new Stdio({ transport, input, output, onError });
    return { service, ended: service.ended, logger, shutdownTimeoutMs: STDIO_SHUTDOWN_MS };
  }, process);
} else if (command === 'help' || command === '--help' || command === undefined) {
  console.log(HELP);
} else {
  console.error(`millrace: there is no command "${[command, ...rest].join(' ')}"\n\n${HELP}`);
  process.exitCode = 2;
}
