import { MODERN_REVISION } from '@millrace/protocol';
import { Server } from '@modelcontextprotocol/server';

/** The one field that the SDK's own entry points write to make a server speak a revision without `initialize`. */
interface Negotiated {
  _negotiatedProtocolVersion?: string;
}

/** Whether this is a server of SDK v2, which alone knows the revisions from 2026-07-28 on. */
export function speaksModern(server: object): boolean {
  return innerServer(server) instanceof Server;
}

/** Makes a server of SDK v2, that is not connected yet, answer the 2026-07-28 revision. */
export function bindModern(server: object): void {
  (innerServer(server) as Negotiated)._negotiatedProtocolVersion = MODERN_REVISION;
}

/** An `McpServer` holds the `Server` that does the talking. */
function innerServer(server: object): object {
  return 'server' in server && typeof server.server === 'object' && server.server !== null
    ? server.server
    : server;
}
