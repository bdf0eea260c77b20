export { RedisTransport, type RedisTransportOptions } from './redis-transport.ts';
export { WebSocketTransport, type WebSocketTransportOptions } from './web-socket-transport.ts';
