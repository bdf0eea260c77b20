import { INITIALIZE_PARAMS, SESSION_REVISION } from './mcp-request.ts';

/** Opens a session of the 2025 era, as its clients do. @returns its id */
export async function openSession(port: number): Promise<string> {
  const response = await post(port, { id: 1, method: 'initialize', params: INITIALIZE_PARAMS });
  const session = response.headers.get('mcp-session-id');
  if (session === null)
    throw new Error(`initialize was answered with HTTP ${response.status} and no session`);
  await post(port, { method: 'notifications/initialized' }, session);
  return session;
}

async function post(port: number, message: object, session?: string): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session !== undefined && { 'mcp-session-id': session, 'mcp-protocol-version': SESSION_REVISION }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
  await response.arrayBuffer();
  return response;
}
