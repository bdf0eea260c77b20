import { ConfigError } from '@millrace/service';
import { expect, test } from 'vitest';
import { readUpstreams } from './read-upstreams.ts';

const problemsOf = (upstreams: Record<string, unknown>, env = {}) => {
  try {
    readUpstreams(upstreams, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
  throw new Error('nothing was refused');
};

test('what is not said has a default', () => {
  const [one] = readUpstreams({ one: { command: 'server' } }, {});
  expect(one).toMatchObject({
    name: 'one',
    args: [],
    min: 1,
    max: 4,
    concurrency: 1,
    affinity: 'none',
    prefix: '',
  });
});

test('variables of the worker stand where they are named', () => {
  const [one] = readUpstreams(
    {
      one: {
        url: `https://\${HOST}/mcp`,
        headers: { authorization: `Bearer \${env:TOKEN}` },
        prefix: `\${HOST}`,
      },
    },
    { HOST: 'mill.example', TOKEN: 't' },
  );
  // A name is no place for a variable.
  expect(one).toMatchObject({
    url: 'https://mill.example/mcp',
    headers: { authorization: 'Bearer t' },
    prefix: `\${HOST}`,
  });
});

test.each([
  ['neither command nor url', {}, 'upstreams.one: give either command or url'],
  ['both of them', { command: 'x', url: 'http://x' }, 'upstreams.one: give either command or url'],
  ['no http', { url: 'ftp://x' }, 'upstreams.one.url: Invalid URL'],
  ['an unknown key', { command: 'x', comand: 'y' }, 'upstreams.one: Unrecognized key: "comand"'],
  ['more at least than at most', { command: 'x', min: 5 }, 'upstreams.one.min: must not be more than max'],
  [
    'calls of a session side by side',
    { command: 'x', affinity: 'session', concurrency: 2 },
    'upstreams.one.concurrency: must be 1 with affinity "session": a session makes one call after the other',
  ],
  [
    'a wrong policy',
    { command: 'x', tools: { '*': { policies: { retry: { attempts: 0 } } } } },
    'upstreams.one.tools.*.policies.retry.attempts: Too small: expected number to be >=2',
  ],
  [
    'a variable that is not set',
    { command: 'x', env: { A: `\${NO}` } },
    'upstreams.one.env: the variable NO is not set',
  ],
  ['no object', 'server', 'upstreams.one: Invalid input: expected object, received string'],
])('%s is refused', (_, value, problem) => {
  expect(problemsOf({ one: value })).toEqual([problem]);
});

test('a name is refused that could not stand in logs and metrics', () => {
  expect(problemsOf({ 'a b': { command: 'x' } })[0]).toContain('upstreams.a b: expected a name');
});

test('all problems are told at once, and no value, for it may be a secret', () => {
  const problems = problemsOf({
    one: { command: 'x', env: { TOKEN: 7 }, max: 0 },
    two: { url: 'http://user:hidden@x', headers: 'hidden' },
  });
  expect(problems.map((problem) => problem.split(':')[0])).toEqual([
    'upstreams.one.env.TOKEN',
    'upstreams.one.max',
    'upstreams.two.headers',
  ]);
  expect(problems.join()).not.toContain('hidden');
});
