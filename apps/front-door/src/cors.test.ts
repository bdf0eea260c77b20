import { expect, test } from 'vitest';
import { Cors } from './cors.ts';
import { serve } from './testing/http.ts';

const APP = 'https://app.example.com';

async function ask(origins: readonly string[], headers: Record<string, string>, method = 'POST') {
  const cors = new Cors(origins);
  const { url } = await serve((request, response) => {
    if (!cors.serve(request, response)) response.end('served');
  });
  const answer = await fetch(url, { method, headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const preflight = { origin: APP, 'access-control-request-method': 'POST' };

test('unless configured no page may read anything', async () => {
  const { headers, text } = await ask([], { origin: APP });
  expect([headers.get('access-control-allow-origin'), text]).toEqual([null, 'served']);
  expect((await ask([], preflight, 'OPTIONS')).headers.get('access-control-allow-origin')).toBeNull();
});

test('pages of a listed origin may read answers, with the headers that they need', async () => {
  const { headers, text } = await ask([APP], { origin: APP });
  expect([headers.get('access-control-allow-origin'), headers.get('vary'), text]).toEqual([
    APP,
    'Origin',
    'served',
  ]);
  expect(headers.get('access-control-expose-headers')).toContain('mcp-session-id');
  expect(headers.get('access-control-allow-credentials')).toBeNull();
});

test.each([`${APP}.evil.example`, 'http://app.example.com', 'null'])(
  'pages of others may not: %s',
  async (origin) => {
    expect((await ask([APP], { origin })).headers.get('access-control-allow-origin')).toBeNull();
  },
);

test('a preflight is answered, and tells which headers may be sent', async () => {
  const asked = { ...preflight, 'access-control-request-headers': 'content-type, Mcp-Param-Region, x-evil' };
  const { status, headers, text } = await ask(['*'], asked, 'OPTIONS');
  expect([status, text, headers.get('access-control-allow-methods')]).toEqual([204, '', 'GET, POST, DELETE']);
  const allowed = headers.get('access-control-allow-headers');
  expect(allowed).toContain('Mcp-Param-Region');
  expect(allowed).not.toContain('x-evil');
});

test('without an Origin there is nothing to say', async () => {
  expect((await ask(['*'], {})).headers.get('access-control-allow-origin')).toBeNull();
});
