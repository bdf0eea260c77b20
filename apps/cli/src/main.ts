import { fileURLToPath } from 'node:url';
import { createLogger, runMain } from '@millrace/service';
import { loadUpConfig } from './config.ts';
import { HELP } from './help.ts';
import { createUp } from './up.ts';

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
} else if (command === 'help' || command === '--help' || command === undefined) {
  console.log(HELP);
} else {
  console.error(`millrace: there is no command "${[command, ...rest].join(' ')}"\n\n${HELP}`);
  process.exitCode = 2;
}
