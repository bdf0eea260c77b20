import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { ConfigError } from './operator-error.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The variable that sets the port, for the error message. */
  readonly variable: string;
}

/**
 * Starts to listen and gives the address in use.
 * @throws ConfigError in one line that names the variable, when the port cannot be had
 */
export async function listen(server: Server, options: ListenOptions): Promise<AddressInfo> {
  const { host, port } = options;
  try {
    const listening = once(server, 'listening');
    server.listen({ host, port });
    await listening;
  } catch (cause) {
    throw new ConfigError(explain(cause, options), { cause });
  }
  return server.address() as AddressInfo;
}

function explain(cause: unknown, { host, port, variable }: ListenOptions): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `port ${port} on ${host} is taken: set ${variable} to another one`;
  if (code === 'EACCES')
    return `port ${port} on ${host} is not allowed to this user: set ${variable} to another one`;
  return `cannot listen on ${host}, port ${port} (${variable}): ${message}`;
}
