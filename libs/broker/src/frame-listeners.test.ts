import { expect, test, vi } from 'vitest';
import { FrameListeners } from './frame-listeners.ts';
import { aResult } from './testing/calls.ts';

test('a frame goes to the listener of its name, until that is removed', () => {
  const listeners = new FrameListeners();
  const heard = vi.fn();
  listeners.add('f.flight-1', heard);
  listeners.receive(aResult('f.flight-1'));
  listeners.receive(aResult('f.flight-2'));
  expect([...listeners.names()]).toEqual(['f.flight-1']);
  listeners.remove('f.flight-1');
  listeners.receive(aResult('f.flight-1'));
  expect(heard.mock.calls).toEqual([[aResult('f.flight-1')]]);
});
