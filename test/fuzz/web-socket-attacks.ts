import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { Attack, AttackContext } from './attack.ts';

const MIB = 1024 * 1024;

/** How long a front door may take to end what is wrong, in milliseconds. */
const PATIENCE_MS = 8_000;

/** Frames that the standard forbids, or our limits do; each must end its connection. */
const FRAMES: Readonly<Record<string, Buffer>> = {
  'without a mask': Buffer.from([0x81, 0x02, 0x7b, 0x7d]),
  'a reserved bit': Buffer.from([0xf1, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]),
  'an unknown kind': Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
  'a control frame in parts': Buffer.from([0x09, 0x80, 0, 0, 0, 0]),
  'longer than there is': Buffer.from([
    0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
  ]),
  'no text': Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc0, 0xaf]),
  'a continuation of nothing': Buffer.from([0x80, 0x80, 0, 0, 0, 0]),
  'the end, with a code that is none': Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x00, 0x01]),
};

export const brokenFrames: Attack = async (context) => {
  for (const [name, frame] of Object.entries(FRAMES)) {
    context.judge.expect(
      `WebSocket frame: ${name}`,
      await endsAfter(context, frame),
      'the connection is still open',
    );
  }
};

/** Opens a WebSocket by hand and sends one frame. @returns whether the other side ends the connection */
async function endsAfter({ cluster, credentials }: AttackContext, frame: Buffer): Promise<boolean> {
  const { port } = new URL(cluster.url);
  const own = Object.entries(credentials.ours).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  socket.write(
    `GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\n${own.join('')}upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  socket.once('data', () => socket.write(frame));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), PATIENCE_MS);
  socket.resume().on('close', () => resolve(true));
  const ended = await promise;
  clearTimeout(timer);
  socket.destroy();
  return ended;
}

export const largeFrames: Attack = async ({ cluster, credentials, judge }) => {
  const socket = new WebSocket(cluster.url.replace(/^http/, 'ws').replace(/mcp$/, 'ws'), {
    headers: { ...credentials.ours },
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('error', () => undefined);
  socket.once('message', () => socket.send(' '.repeat(5 * MIB)));
  judge.expect('WebSocket message past the limit', (await closed) === 1009, 'another code');
};

export const strangers: Attack = async ({ cluster, judge }) => {
  for (const headers of [{}, { authorization: 'Bearer x' }, { origin: 'https://evil.example' }]) {
    const socket = new WebSocket(cluster.url.replace(/^http/, 'ws').replace(/mcp$/, 'ws'), { headers });
    const opened = await new Promise<boolean>((resolve) => {
      socket.on('open', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.terminate();
    judge.expect('WebSocket of a stranger', !opened, 'it was opened');
  }
};
