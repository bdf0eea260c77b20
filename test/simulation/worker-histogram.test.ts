import { expect, test } from 'vitest';
import { Random } from '../chaos/random.ts';
import { ServiceTimes } from './service-times.ts';
import { difference, parseHistogram, serviceTimesOf } from './worker-histogram.ts';

const exposed = (calls: number) => `
mcp_tool_execution_duration_seconds_bucket{le="0.1",tool="a",status="ok"} ${calls}
mcp_tool_execution_duration_seconds_bucket{le="0.2",tool="a",status="ok"} ${calls * 2}
mcp_tool_execution_duration_seconds_bucket{le="+Inf",tool="a",status="ok"} ${calls * 2}
mcp_tool_execution_duration_seconds_sum{tool="a",status="ok"} ${calls * 0.24}
mcp_tool_execution_duration_seconds_count{tool="a",status="ok"} ${calls * 2}
mcp_tool_execution_duration_seconds_count{tool="b",status="ok"} 77
`;

test('service times are read of one tool, of all workers together, between two readings', () => {
  const both = parseHistogram(exposed(10) + exposed(5), 'a');
  expect(both.calls).toBe(30);
  expect(difference(both, parseHistogram(exposed(5), 'a')).calls).toBe(20);
  expect(serviceTimesOf(both).meanMs).toBeCloseTo(120);
});

test('a tool that has not run has no service times', () => {
  expect(() => serviceTimesOf(parseHistogram(exposed(10), 'never'))).toThrow('has not run yet');
});

test('drawn times have the mean that was measured, and the shape of the buckets', () => {
  const service = serviceTimesOf(parseHistogram(exposed(10), 'a'));
  const random = new Random(1);
  const drawn = Array.from({ length: 20_000 }, () => service.draw(random));
  expect(drawn.reduce((sum, ms) => sum + ms, 0) / drawn.length).toBeCloseTo(120, -1);
  expect(drawn.filter((ms) => ms < 120).length / drawn.length).toBeCloseTo(0.5, 1);
  expect(ServiceTimes.fixed(7).draw(random)).toBe(7);
});
