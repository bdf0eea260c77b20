import { describe, expect, it } from 'vitest';
import { defineResource } from './resource.ts';
import { defineResourceTemplate } from './resource-template.ts';
import { aCall, aContext } from './testing/calls.ts';
import { ToolError } from './tool-error.ts';

function read(target: { run: ReturnType<typeof defineResource>['run'] }, uri: string) {
  const call = aCall({ method: 'resources/read', target: uri, params: { uri } });
  return target.run(call, aContext(call));
}

describe('a resource', () => {
  it('describes itself as it stands in resources/list', () => {
    const resource = defineResource({
      uri: 'docs://api',
      name: 'api',
      mimeType: 'text/markdown',
      size: 12,
      read: () => '# API',
    });
    expect(resource.describe()).toEqual({
      uri: 'docs://api',
      name: 'api',
      mimeType: 'text/markdown',
      size: 12,
    });
    expect(resource.idempotent).toBe(true);
  });

  it('gives text, bytes or a whole result', async () => {
    const as = (content: Parameters<typeof defineResource>[0]['read']) =>
      read(defineResource({ uri: 'x://y', name: 'y', read: content }), 'x://y');
    expect(await as(() => 'text')).toEqual({
      contents: [{ uri: 'x://y', mimeType: 'text/plain', text: 'text' }],
    });
    expect(await as(() => new Uint8Array([104, 105]))).toEqual({
      contents: [{ uri: 'x://y', mimeType: 'application/octet-stream', blob: 'aGk=' }],
    });
    const whole = { contents: [{ uri: 'x://z', text: 'other' }] };
    expect(await as(() => whole)).toEqual(whole);
  });

  it('fails as a JSON-RPC error that carries what a ToolError says', async () => {
    const resource = defineResource({
      uri: 'x://y',
      name: 'y',
      read: () => {
        throw new ToolError('gone', { suggestions: ['List again.'] });
      },
    });
    const error = await read(resource, 'x://y').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'tool_error',
      message: 'gone',
      wireData: { suggestions: ['List again.'], requestId: 'call-1' },
    });
  });

  it('refuses a URI that is none', () => {
    expect(() => defineResource({ uri: 'api', name: 'api', read: () => '' }).describe()).toThrow(
      'The resource URI "api" is not allowed',
    );
  });
});

describe('a resource template', () => {
  const users = defineResourceTemplate({
    uriTemplate: 'user://{id}',
    name: 'user',
    mimeType: 'application/json',
    complete: { id: (value) => ['1', '12', '2'].filter((id) => id.startsWith(value)) },
    list: () => [{ uri: 'user://1', name: 'Ada' }],
    read: (_uri, { id }) => JSON.stringify({ id }),
  });

  it('matches its URIs and reads with their variables', async () => {
    expect(users.matches('user://7')).toBe(true);
    expect(users.matches('team://7')).toBe(false);
    expect(await read(users, 'user://7')).toEqual({
      contents: [{ uri: 'user://7', mimeType: 'application/json', text: '{"id":"7"}' }],
    });
  });

  it('completes its variables', async () => {
    const params = {
      ref: { type: 'ref/resource', uri: 'user://{id}' },
      argument: { name: 'id', value: '1' },
    };
    const call = aCall({ method: 'completion/complete', params });
    expect(await users.completion.run(call, aContext(call))).toEqual({
      completion: { values: ['1', '12'], total: 2, hasMore: false },
    });
  });

  it.each(['user://1', 'user://{id'])('refuses the template %s', (uriTemplate) => {
    expect(() => defineResourceTemplate({ uriTemplate, name: 'u', read: () => '' })).toThrow(
      'is not allowed',
    );
  });
});
