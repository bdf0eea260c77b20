import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AesCipher, PAYLOAD_KEY } from './payload-cipher.ts';

const key = (name: string) => `${name}:${randomBytes(32).toString('base64')}`;
const [OLD, NEW] = [key('k1'), key('k2')];
const TEXT = '{"password":"hunter2","ü":"𝕏"}';
const unreadable = (why: string) =>
  expect.objectContaining({ kind: 'no_migration', message: expect.stringContaining(why) });

describe('a payload that is sealed', () => {
  const cipher = new AesCipher([OLD]);

  it('can be read again, and by nobody without the key', () => {
    const sealed = cipher.seal(TEXT, 'task');
    expect(sealed).not.toContain('hunter2');
    expect(sealed).toMatch(/^e1\.k1\.[\w+/=]+$/);
    expect(cipher.open(sealed, 'task')).toBe(TEXT);
    expect(() => new AesCipher([key('k1')]).open(sealed, 'task')).toThrow(unreadable('changed'));
  });

  it('never looks the same twice', () => {
    expect(cipher.seal(TEXT, 'task')).not.toBe(cipher.seal(TEXT, 'task'));
  });

  it('cannot be changed, cut, or read as something else', () => {
    const sealed = cipher.seal(TEXT, 'task');
    const flipped = `${sealed.slice(0, 20)}${sealed[20] === 'A' ? 'B' : 'A'}${sealed.slice(21)}`;
    expect(() => cipher.open(flipped, 'task')).toThrow(unreadable('changed'));
    expect(() => cipher.open(sealed.slice(0, 30), 'task')).toThrow(unreadable('changed'));
    expect(() => cipher.open('e1.k1.', 'task')).toThrow(unreadable('changed'));
    expect(() => cipher.open(sealed, 'frames')).toThrow(unreadable('something else'));
  });

  it('is followed by one with a new key while the old one is still read', () => {
    const sealed = cipher.seal(TEXT, 'task');
    // First every process can read the new key, then they use it, then the old one goes.
    const steps = [new AesCipher([OLD, NEW]), new AesCipher([NEW, OLD]), new AesCipher([NEW])] as const;
    expect(steps[0].seal(TEXT, 'task')).toMatch(/^e1\.k1\./);
    expect(steps[1].open(sealed, 'task')).toBe(TEXT);
    expect(steps[0].open(steps[1].seal(TEXT, 'task'), 'task')).toBe(TEXT);
    expect(steps[2].open(steps[1].seal(TEXT, 'task'), 'task')).toBe(TEXT);
    expect(() => steps[2].open(sealed, 'task')).toThrow(unreadable('no key "k1"'));
  });

  it('may stand beside one from before', () => {
    expect(cipher.open(TEXT, 'task')).toBe(TEXT);
  });
});

it.each([`k1:${'A'.repeat(43)}=`, `2026-11:${'a_-9'.repeat(10)}abc`])('a key looks like this: %s', (text) => {
  expect(PAYLOAD_KEY.test(text)).toBe(true);
});

it.each(['', 'k1', `:${'A'.repeat(43)}`, `k1:${'A'.repeat(42)}`, `k 1:${'A'.repeat(43)}`])(
  'and not like this: %s',
  (text) => {
    expect(PAYLOAD_KEY.test(text)).toBe(false);
  },
);
