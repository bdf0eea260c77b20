export { WebSocketTransport, type WebSocketTransportOptions } from './web-socket-transport.ts';
