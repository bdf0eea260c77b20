import { credentialOf, endpointOf } from './client-connection.ts';
import { type Arguments, type Terminal, UnreachableError } from './command.ts';
import { type LoadFigures, runLoad } from './load-loop.ts';
import { ProgressBar } from './progress-bar.ts';
import { jsonArguments } from './tool-arguments.ts';

const CONNECTIONS = 50;
const DURATION_S = 10;

/** Loads a front door, and shows how far it is. @throws UnreachableError when nothing at all is answered */
export async function benchmark(
  args: Arguments,
  terminal: Terminal,
): Promise<{ failed: boolean; text: string }> {
  const url = endpointOf(args.positionals[0], terminal.env, 'URL');
  const seconds = args.count('duration', DURATION_S);
  const tool = args.text('tool');
  const given = args.text('args');
  const bar = new ProgressBar(terminal.errors);
  const figures = await runLoad({
    url,
    headers: credentialOf(terminal.env),
    ...(tool === undefined
      ? { method: 'tools/list', params: {} }
      : { method: 'tools/call', params: { name: tool, arguments: given ? jsonArguments(given) : {} } }),
    connections: args.count('connections', CONNECTIONS),
    durationMs: seconds * 1_000,
    signal: terminal.interrupted,
    onSecond: (passed, requests) => bar.show(passed, seconds, `${requests} requests`),
  });
  bar.clear();
  const errors = Object.entries(figures.errors);
  const [first] = errors;
  if (figures.ok === 0 && first && /^E[A-Z]+$/.test(first[0])) {
    throw new UnreachableError(`${url} cannot be reached: ${first[0]}`);
  }
  const summary = summaryOf(figures);
  const text = args.flag('json') ? JSON.stringify(summary, undefined, 2) : textOf(summary);
  return { failed: errors.length > 0, text };
}

interface Summary {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly errors: Readonly<Record<string, number>>;
}

export function summaryOf({ ok, seconds, times, errors }: LoadFigures): Summary {
  const at = (share: number) => {
    const time = times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return Math.round(time * 100) / 100;
  };
  return {
    requests: ok,
    perSecond: Math.round(ok / seconds),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    errors,
  };
}

function textOf({ requests, perSecond, p50, p95, p99, max, errors }: Summary): string {
  const failed = Object.entries(errors).map(([what, count]) => `${what} × ${count}`);
  return [
    `${requests} requests, ${perSecond} per second`,
    `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, max ${max} ms`,
    `errors: ${failed.length > 0 ? failed.join(', ') : 'none'}`,
  ].join('\n');
}
