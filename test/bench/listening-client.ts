import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { CHANGING_URI } from './changing-plugin.ts';
import { INITIALIZE_PARAMS, McpRequest, stateless } from './mcp-request.ts';

/** What a client does with the text of each message that it is told. */
export type Hear = (message: string) => void;

export interface ListeningClient {
  readonly isOpen: () => boolean;
  readonly close: () => void;
}

/** Opens a client that stays and listens. */
export type OpenClient = (port: number, hear: Hear) => Promise<ListeningClient>;

/** A `subscriptions/listen` stream that follows the list of tools and one resource. */
export const openListenStream: OpenClient = async (port, hear) => {
  const notifications = { toolsListChanged: true, resourceSubscriptions: [CHANGING_URI] };
  const request = new McpRequest(port, stateless('subscriptions/listen', { notifications }));
  const socket = connect(port, '127.0.0.1');
  const acknowledged = Promise.withResolvers<void>();
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    const events = `${received}${text}`.split('\n\n');
    received = events.pop() ?? '';
    for (const event of events) hear(event);
    if (events.some((event) => event.includes('subscriptions/acknowledged'))) acknowledged.resolve();
  });
  socket.on('error', (error) => acknowledged.reject(error));
  socket.on('close', () => acknowledged.reject(new Error('a listen stream was closed')));
  socket.write(request.numbered(10_000_000));
  await acknowledged.promise;
  return { isOpen: () => socket.readyState === 'open', close: () => socket.destroy() };
};

/** A WebSocket with a session of the 2025 era that follows the same. */
export const openWebSocket: OpenClient = async (port, hear) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const send = (message: object) => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
  const answered = async (message: object) => {
    send(message);
    const [data] = await once(socket, 'message');
    if (!String(data).includes('"result"')) throw new Error(`a WebSocket was answered with ${data}`);
  };
  await once(socket, 'message');
  await answered({ id: 1, method: 'initialize', params: INITIALIZE_PARAMS });
  send({ method: 'notifications/initialized' });
  await answered({ id: 2, method: 'resources/subscribe', params: { uri: CHANGING_URI } });
  socket.on('message', (data) => hear(String(data)));
  return { isOpen: () => socket.readyState === socket.OPEN, close: () => socket.terminate() };
};
