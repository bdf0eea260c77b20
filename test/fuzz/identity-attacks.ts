import { randomUUID } from 'node:crypto';
import { Session } from '../support/session.ts';
import { TASKS_META } from '../support/tasks.ts';
import { modernRequest, sessionRequest, toolCall, type WireRequest } from '../support/wire.ts';
import type { Attack, AttackContext } from './attack.ts';
import type { Reply } from './shot.ts';

/** How many ids are guessed in each round. */
const GUESSES = 20;

async function mustFail(
  { gun, judge }: AttackContext,
  name: string,
  { headers, body }: WireRequest,
  more: Readonly<Record<string, string>>,
): Promise<Reply | undefined> {
  const shot = { name, headers: { ...headers, ...more }, body: JSON.stringify(body), mustFail: true };
  const reply = await gun.fire(shot);
  judge.judge(shot, reply);
  return reply;
}

export const forgedTokens: Attack = async (context) => {
  const { issuer, judge } = context;
  for (const [name, token] of Object.entries(issuer.forged)) {
    await mustFail(context, `token: ${name}`, toolCall('echo', { text: 'in' }), {
      authorization: `Bearer ${token}`,
    });
  }
  const answered = await context.gun.fire(bearing(toolCall('echo', { text: 'in' }), issuer.good));
  judge.expect('the good token is good', answered?.status === 200, answered?.text ?? '');
};

function bearing({ headers, body }: WireRequest, token: string) {
  return { headers: { ...headers, authorization: `Bearer ${token}` }, body: JSON.stringify(body) };
}

/** Names outside of what the credential allows, in any spelling. */
export const forbiddenNames: Attack = async (context) => {
  const { ours } = context.credentials;
  for (const name of [
    'charge',
    'fail',
    'hold',
    'ECHO',
    'echo ',
    'echo\u0000',
    'ech\u043e',
    '../echo',
    'no_such_tool',
  ]) {
    await mustFail(
      context,
      'a tool that is not allowed',
      sessionRequest('tools/call', { name, arguments: {} }),
      ours,
    );
  }
  for (const uri of [
    'text://big',
    'note://1/../../text',
    'note:///%2e%2e/',
    'file:///etc/passwd',
    'NOTE://1',
    'http://169.254.169.254/',
  ]) {
    await mustFail(
      context,
      'a resource that is not allowed',
      sessionRequest('resources/read', { uri }),
      ours,
    );
  }
};

export const guessedSessions: Attack = async (context) => {
  const { cluster, credentials } = context;
  const { headers } = await Session.open(cluster.url, { headers: credentials.theirs });
  const theirs = String(headers['mcp-session-id']);
  const guesses = [
    theirs,
    `${theirs} `,
    theirs.toUpperCase(),
    `${theirs.slice(0, -1)}0`,
    '*',
    '',
    '../x',
    'a'.repeat(4_000),
  ];
  for (const id of [...guesses, ...Array.from({ length: GUESSES }, () => randomUUID())]) {
    const request = sessionRequest('tools/list');
    if (id !== '')
      await mustFail(context, 'a session of somebody else', request, {
        ...credentials.ours,
        'mcp-session-id': id,
      });
  }
};

export const guessedTasks: Attack = async (context) => {
  const { gun, judge, credentials } = context;
  const { headers, body } = toolCall('work', { key: 'fuzz' }, TASKS_META);
  const made = await gun.fire({ headers: { ...headers, ...credentials.theirs }, body: JSON.stringify(body) });
  const id = /"taskId":"([^"]+)"/.exec(made?.text ?? '')?.[1];
  judge.expect('a task is made', id !== undefined, made?.text ?? '');
  for (const taskId of [
    String(id),
    `${id}x`,
    '',
    '*',
    ...Array.from({ length: GUESSES }, () => randomUUID()),
  ]) {
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
      const request = modernRequest(method, { taskId, inputResponses: {} }, TASKS_META);
      await mustFail(context, `${method} of somebody else`, request, credentials.ours);
    }
  }
};

/** What a tool keeps between its rounds comes back from the client, changed. */
export const tamperedState: Attack = async (context) => {
  const { gun, judge, credentials, random } = context;
  const ask = toolCall('greet', {}, TASKS_META);
  const first = await gun.fire({
    headers: { ...ask.headers, ...credentials.ours },
    body: JSON.stringify(ask.body),
  });
  const { requestState, inputRequests } = ((JSON.parse(first?.text || '{}') as Record<string, unknown>)[
    'result'
  ] ?? {}) as {
    requestState?: string;
    inputRequests?: Record<string, unknown>;
  };
  judge.expect('a tool asks first', typeof requestState === 'string', first?.text ?? '');
  const state = String(requestState);
  const at = Math.floor(random.between(0, state.length));
  const flipped = `${state.slice(0, at)}${state[at] === 'A' ? 'B' : 'A'}${state.slice(at + 1)}`;
  const [key = 'x'] = Object.keys(inputRequests ?? {});
  const inputResponses = { [key]: { action: 'accept', content: { name: 'Eve' } } };
  for (const changed of [
    flipped,
    state.slice(0, -4),
    `${state}A`,
    '',
    'null',
    state.split('').reverse().join(''),
  ]) {
    const params = { name: 'greet', arguments: {}, requestState: changed, inputResponses };
    await mustFail(
      context,
      'a state that was changed',
      modernRequest('tools/call', params, TASKS_META),
      credentials.ours,
    );
  }
  const replayed = modernRequest(
    'tools/call',
    { name: 'greet', arguments: {}, requestState: state, inputResponses },
    TASKS_META,
  );
  await mustFail(context, 'the state of somebody else', replayed, credentials.theirs);
};
