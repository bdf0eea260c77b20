import { parseArgs } from 'node:util';
import { RedisTransport, WebSocketTransport } from '@millrace/client';
import { type Logger, OperatorError } from '@millrace/service';
import type { Transport } from '@modelcontextprotocol/client';
import type { RedisAccess } from './config.ts';
import { HttpPipe } from './http-pipe.ts';

const USAGE =
  'usage: millrace stdio --url http://HOST:8080/mcp | --url ws://HOST:8080/ws | --redis redis://HOST:6379 [--prefix millrace]';

/**
 * The way to the cluster that the arguments of `millrace stdio` name.
 * @param apiKey shown to the cluster, where it wants one
 * @param access to Redis, beside its URL
 * @throws OperatorError that says what the arguments should be
 */
export function transportFor(
  args: readonly string[],
  logger: Logger,
  apiKey?: string,
  access?: RedisAccess,
): Transport {
  const { url, redis, prefix } = parse(args);
  if ((url === undefined) === (redis === undefined)) throw new OperatorError(USAGE);
  if (redis !== undefined) {
    const target = parseUrl('--redis', redis, ['redis:', 'rediss:']);
    return new RedisTransport(target.href, {
      logger,
      ...(prefix !== undefined && { prefix }),
      ...(apiKey !== undefined && { apiKey }),
      ...(access && { redis: access, payloadKeys: access.payloadKeys }),
    });
  }
  const target = parseUrl('--url', url ?? '', ['http:', 'https:', 'ws:', 'wss:']);
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return target.protocol.startsWith('ws')
    ? new WebSocketTransport(target, { headers })
    : new HttpPipe(target, headers);
}

function parse(args: readonly string[]): { url?: string; redis?: string; prefix?: string } {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ args: [...args], options: { url: text, redis: text, prefix: text } }).values;
  } catch (cause) {
    throw new OperatorError(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

function parseUrl(option: string, text: string, protocols: readonly string[]): URL {
  const url = URL.parse(text);
  if (url && protocols.includes(url.protocol)) return url;
  const expected = protocols.map((protocol) => `${protocol}//…`).join(', ');
  throw new OperatorError(`${option}: "${text}" — expected ${expected}`);
}
