import type { PluginLog } from '@millrace/toolkit';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Link } from './link.ts';
import type { UpstreamSettings } from './settings.ts';

/** How long a server may take to hear that a session is over. */
const GOODBYE_MS = 2_000;

/** Opens the way to a server over Streamable HTTP; nothing is sent yet. */
export function openHttpLink(
  { name, url, headers }: UpstreamSettings & { readonly url: string },
  { log }: { readonly log: PluginLog },
): Link {
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  // The client puts its own handler around this one.
  transport.onclose = () => resolve('the connection was closed');
  const stop = async () => {
    const late = new Promise<void>((done) => setTimeout(done, GOODBYE_MS).unref());
    await Promise.race([transport.terminateSession(), late]).catch((error: unknown) =>
      log.debug({ error, upstream: name }, 'an upstream did not take leave'),
    );
    await transport.close();
    resolve('the connection was closed');
  };
  // The type of the SDK does not hold under exactOptionalPropertyTypes.
  return { transport: transport as Link['transport'], closed: ended, ended, lastWords: [], stop };
}
