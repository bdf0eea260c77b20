import { connect, type Socket } from 'node:net';
import type { Attack, AttackContext } from './attack.ts';

/** How long a client that does nothing right may keep its connection, in milliseconds; the cluster's limits are below. */
const CUT_OFF_MS = 8_000;

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}';
const POST =
  'POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: application/json\r\n';

/** Bytes that two readers may take for different requests. Each is refused, and nothing more is read of its connection. */
const SMUGGLED: Readonly<Record<string, (credential: string) => string>> = {
  'length and chunks': (own) =>
    `${POST}${own}content-length: ${PING.length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${PING}`,
  'two lengths': (own) => `${POST}${own}content-length: ${PING.length}\r\ncontent-length: 0\r\n\r\n${PING}`,
  'a length with a sign': (own) => `${POST}${own}content-length: +${PING.length}\r\n\r\n${PING}`,
  'an encoding with a space': (own) => `${POST}${own}transfer-encoding : chunked\r\n\r\n0\r\n\r\n`,
  'an unknown encoding': (own) => `${POST}${own}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'a chunk of bad size': (own) => `${POST}${own}transfer-encoding: chunked\r\n\r\nzz\r\n${PING}\r\n0\r\n\r\n`,
  'a line without return': (own) =>
    `${POST.replaceAll('\r\n', '\n')}${own}content-length: ${PING.length}\n\n${PING}`,
  'a folded header': (own) => `${POST}${own}x: a\r\n b\r\ncontent-length: ${PING.length}\r\n\r\n${PING}`,
  'a NUL in a header': (own) => `${POST}${own}x: a\0b\r\ncontent-length: ${PING.length}\r\n\r\n${PING}`,
  'a whole URL for another host': () =>
    'GET http://evil.example/mcp HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n',
  'no host': (own) =>
    `${POST.replace('host: 127.0.0.1\r\n', '')}${own}content-length: ${PING.length}\r\n\r\n${PING}`,
  'a tunnel': () => 'CONNECT 127.0.0.1:6379 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n',
  'no HTTP': () => '*1\r\n$4\r\nPING\r\n',
  'HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'headers without end': (own) => `${POST}${own}${'x-a: 1\r\n'.repeat(20_000)}`,
  'many short headers': (own) =>
    `${POST}${own}${'a:b\r\n'.repeat(1_000)}content-length: ${PING.length}\r\n\r\n${PING}`,
  'a header of a megabyte': (own) => `${POST}${own}x: ${'a'.repeat(1_048_576)}\r\n\r\n`,
};

/** What is sent, and then nothing more: the connection must not be kept. */
const UNFINISHED: Readonly<Record<string, (credential: string) => string>> = {
  'a connection without a request': () => '',
  'half a header': (own) => `${POST}${own}x-half`,
  'half a body': (own) => `${POST}${own}content-length: 100\r\n\r\n{`,
  'half a chunk': (own) => `${POST}${own}transfer-encoding: chunked\r\n\r\n10\r\n{`,
  'half a handshake': (own) =>
    `GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\n${own}upgrade: websocket\r\nconnection: upgrade\r\n`,
};

/** One refusal, which says that it is the last answer on its connection. */
const REFUSED = /^HTTP\/1\.1 4\d\d (?:(?!\r\n\r\n).)*\r\nconnection: close\r\n/is;

export const smuggling: Attack = async (context) => {
  for (const [name, make] of Object.entries(SMUGGLED)) {
    const answer = await exchange(context, make(credentialLine(context)));
    // Who asks for a tunnel gets no answer at all.
    const isRefused = name === 'a tunnel' ? answer === '' : REFUSED.test(answer);
    const answers = answer.match(/^HTTP\/1\.1 /gm)?.length ?? 0;
    context.judge.expect(name, isRefused && answers <= 1, answer.slice(0, 200));
  }
};

export const slowSenders: Attack = async (context) => {
  const own = credentialLine(context);
  const sent = Object.entries(UNFINISHED).flatMap(([name, make]) =>
    [1, 2, 3].map(() => [name, make(own)] as const),
  );
  await Promise.all(
    sent.map(async ([name, text]) => {
      const answer = await exchange(context, text);
      context.judge.expect(name, answer !== STILL_OPEN && !answer.includes('"result"'), answer);
    }),
  );
};

/** Clients that vanish, or never read, at every stage. */
export const halfOpenSockets: Attack = async (context) => {
  const { cluster, judge } = context;
  const own = credentialLine(context);
  const { port } = new URL(cluster.url);
  const texts = [
    ...Object.values(UNFINISHED),
    () => `${POST}${own}content-length: ${PING.length}\r\n\r\n${PING}`,
  ];
  for (const make of texts) {
    for (const end of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      socket.resume().write(make(own), () => socket[end]());
      await closed(socket);
      judge.expect('a client that vanishes', true, '');
    }
  }
};

const STILL_OPEN = 'the connection is still open';

function credentialLine({ credentials }: AttackContext): string {
  return Object.entries(credentials.ours)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

/** Sends bytes. @returns what comes back until the other side closes the connection */
async function exchange({ cluster }: AttackContext, text: string): Promise<string> {
  const { port } = new URL(cluster.url);
  const socket = connect(Number(port), '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (data) => {
    answer += data;
  });
  socket.on('error', () => undefined);
  socket.write(text, 'latin1');
  const timer = setTimeout(() => {
    answer = STILL_OPEN;
    socket.destroy();
  }, CUT_OFF_MS);
  await closed(socket);
  clearTimeout(timer);
  return answer;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
