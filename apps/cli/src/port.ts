import { once } from 'node:events';
import { createServer } from 'node:net';
import { ConfigError, type ListenOptions, listen } from '@millrace/service';

/**
 * Makes sure that a program started in a moment can listen there.
 * @returns the port; a free one for 0
 * @throws ConfigError in one line that names the variable to set
 */
export async function reservePort(options: ListenOptions, taken: readonly number[] = []): Promise<number> {
  if (taken.includes(options.port)) {
    const { port, variable } = options;
    throw new ConfigError(`port ${port} is asked for twice: set ${variable} to another one`);
  }
  const server = createServer();
  const { port } = await listen(server, options);
  server.close();
  await once(server, 'close');
  return taken.includes(port) ? reservePort(options, taken) : port;
}
