import { expect, test } from 'vitest';
import { parseTraceParent } from './trace-parent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a traceparent has a trace, a span, and says whether it is traced', () => {
  expect(parseTraceParent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
  expect(parseTraceParent(`00-${TRACE}-${SPAN}-00`)?.sampled).toBe(false);
  expect(parseTraceParent(`01-${TRACE}-${SPAN}-03-more`)?.sampled).toBe(true);
});

test.each([
  ['', 'nothing'],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, 'a trace of zeros'],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, 'a span of zeros'],
  [`ff-${TRACE}-${SPAN}-01`, 'a version that cannot be'],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, 'capitals'],
  [`00-${TRACE}-${SPAN}`, 'no flags'],
])('%s is none: %s', (text) => {
  expect(parseTraceParent(text)).toBeUndefined();
});
